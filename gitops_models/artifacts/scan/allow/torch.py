"""Names of PyTorch that state dicts and checkpoints are made of; whole modules and TorchScript are not."""

from gitops_models.artifacts.scan.allow.names import pairs

_STORAGES = (
    "BFloat16Storage BoolStorage ByteStorage CharStorage ComplexDoubleStorage ComplexFloatStorage DoubleStorage "
    "FloatStorage HalfStorage IntStorage LongStorage QInt32Storage QInt8Storage QUInt8Storage ShortStorage"
)
_DTYPES = (
    "bfloat16 bool complex128 complex32 complex64 float16 float32 float64 float8_e4m3fn float8_e5m2 int16 int32 int64 "
    "int8 qint32 qint8 quint8 uint16 uint32 uint64 uint8"
)

STORAGES = dict(zip(_STORAGES.split(), (2, 1, 1, 1, 16, 8, 8, 4, 2, 4, 8, 4, 1, 1, 2), strict=True))
"""Classes of raw data by name, with the bytes of one element."""

CALLED = pairs(
    {
        "torch": "Size device",
        "torch._utils": "_rebuild_parameter _rebuild_parameter_with_state _rebuild_tensor _rebuild_tensor_v2",
        "torch.nn.parameter": "Parameter",
        "torch.serialization": "_get_layout",
    }
)
NAMED = pairs({"torch": f"{_STORAGES} {_DTYPES}", "torch.storage": "UntypedStorage"})
