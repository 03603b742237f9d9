"""Names of NumPy, SciPy and joblib that arrays, scalars and random generators are pickled under.

``numpy.core`` is what NumPy 1 called ``numpy._core``; SciPy moved its modules below an underscore in 1.8.
"""

from gitops_models.artifacts.scan.allow.names import pairs

_MULTIARRAY = "_reconstruct scalar"
_SPARSE = {
    "bsr": "bsr_matrix bsr_array",
    "coo": "coo_matrix coo_array",
    "csc": "csc_matrix csc_array",
    "csr": "csr_matrix csr_array",
    "dia": "dia_matrix dia_array",
    "dok": "dok_matrix dok_array",
    "lil": "lil_matrix lil_array",
}
_SCALARS = "bool bool_ int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 complex64 complex128"
_FUNCTIONS = "abs cos exp exp2 expm1 log log10 log1p log2 max mean median min sin sqrt square std sum tanh var"

CALLED = pairs(
    {
        "joblib.numpy_pickle": "NumpyArrayWrapper",
        "numpy": "dtype ndarray",
        "numpy._core.multiarray": _MULTIARRAY,
        "numpy._core.numeric": "_frombuffer",
        "numpy.core.multiarray": _MULTIARRAY,
        "numpy.core.numeric": "_frombuffer",
        "numpy.ma": "MaskedArray",
        "numpy.ma.core": "_mareconstruct MaskedArray",
        "numpy.random._generator": "Generator",
        "numpy.random._mt19937": "MT19937",
        "numpy.random._pcg64": "PCG64 PCG64DXSM",
        "numpy.random._philox": "Philox",
        "numpy.random._pickle": "__bit_generator_ctor __generator_ctor __randomstate_ctor",
        "numpy.random._sfc64": "SFC64",
        "numpy.random.bit_generator": "SeedSequence __pyx_unpickle_SeedSequence",
        "numpy.random.mtrand": "RandomState",
        "scipy.interpolate._bsplines": "BSpline",
        "scipy.interpolate._interpolate": "interp1d PPoly",
        "scipy.interpolate.interpolate": "interp1d PPoly",
        **{f"scipy.sparse._{module}": names for module, names in _SPARSE.items()},
        **{f"scipy.sparse.{module}": names for module, names in _SPARSE.items()},
    }
)
NAMED = pairs(
    {
        "numpy": f"{_SCALARS} str_ bytes_ object_ datetime64 timedelta64 {_FUNCTIONS}",
        "scipy._lib.array_api_compat.numpy._aliases": "asarray",
    }
)
