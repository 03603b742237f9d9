"""kind: Model, and the interface that models and versions declare."""

from typing import Annotated, Literal

from pydantic import Field

from gitops_models.registry.documents._base import Document, Items, Line, Name, Part, Risk, about

Dimension = Annotated[int, Field(ge=-1)]


class TensorSpec(Part):
    """One named input or output."""

    name: Annotated[Line, about("Name of the input or output, as the model file has it.", "amount")]
    dtype: Annotated[Line, about("Element type, in NumPy's words.", "float32")]
    shape: Annotated[Items[Dimension], about("Dimensions; -1 is a free one.", [-1, 1])] = ()
    optional: Annotated[bool, about("Whether a caller may leave this input out.", example=False)] = False


class Interface(Part):
    """What goes in and what comes out."""

    inputs: Annotated[
        Items[TensorSpec], about("Inputs, in order.", [{"name": "amount", "dtype": "float32", "shape": [-1, 1]}])
    ] = ()
    outputs: Annotated[
        Items[TensorSpec], about("Outputs, in order.", [{"name": "score", "dtype": "float32", "shape": [-1]}])
    ] = ()


class Requirements(Part):
    """The names that a consumer feeds and reads."""

    inputs: Annotated[Items[Line], about("Inputs that the consumer supplies.", ["amount"])] = ()
    outputs: Annotated[Items[Line], about("Outputs that the consumer reads.", ["score"])] = ()


class Consumer(Part):
    """A system that depends on the model."""

    name: Annotated[Name, about("Name of the consuming system.", "checkout")]
    requires: Annotated[Requirements, about("What it needs from every served version.", {"outputs": ["score"]})] = (
        Requirements()
    )


class Model(Document):
    """A model: its risk, owners, interface and consumers. The path is models/<model>/model.yaml."""

    kind: Annotated[Literal["Model"], about("The kind of document.", "Model")] = "Model"
    name: Annotated[Name, about("Name of the model; equals its directory.", "fraud")]
    type: Annotated[Literal["model", "pipeline", "prompt", "configuration"], about("What is versioned.", "model")] = (
        "model"
    )
    risk: Annotated[Risk, about("Risk level; decides who approves.", "high")]
    use: Annotated[Items[Name], about("Uses, e.g. research, clinical-decision-support, governance.", ["payments"])] = ()
    owners: Annotated[Items[Name], about("People or teams that answer for the model.", ["payments-ml"])] = ()
    architecture: Annotated[Line | None, about("Family of the model.", "gradient-boosting")] = None
    interface: Annotated[
        Interface | None,
        about(
            "Interface that consumers may rely on.", {"outputs": [{"name": "score", "dtype": "float32", "shape": [-1]}]}
        ),
    ] = None
    consumers: Annotated[
        Items[Consumer], about("Systems that depend on it.", [{"name": "checkout", "requires": {"outputs": ["score"]}}])
    ] = ()
