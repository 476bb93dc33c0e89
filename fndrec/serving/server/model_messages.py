"""Messages about a model: the states of its versions, its signatures."""

from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
)

from fndrec.serving.server.predictor import Predictor

# Values of tensorflow.error.Code.
OK, UNKNOWN = 0, 2
State = get_model_status_pb2.ModelVersionStatus.State


def status_of(
    predictor: Predictor, name: str, version: int | None
) -> get_model_status_pb2.GetModelStatusResponse:
    """Reports the states of the versions.

    Args:
        predictor: The predictor of the model.
        name: Name of the model.
        version: Number of the version; `None` for all.

    Returns:
        The message.

    Raises:
        RequestError: If there is no such model or version.
    """
    predictor.check_name(name)
    states = predictor.versions.states()
    if version is not None:
        if version not in states:
            predictor.versions.get(version)
        states = {version: states[version]}
    response = get_model_status_pb2.GetModelStatusResponse()
    for number in sorted(states, reverse=True):
        state, error = states[number]
        status = response.model_version_status.add()
        status.version = number
        status.state = State.Value(state)
        status.status.error_code = UNKNOWN if error else OK
        status.status.error_message = error
    return response


def metadata_of(
    predictor: Predictor, name: str, version: int | None
) -> get_model_metadata_pb2.GetModelMetadataResponse:
    """Reports the inputs and outputs of the signatures.

    Args:
        predictor: The predictor of the model.
        name: Name of the model.
        version: Number of the version; `None` for the served one.

    Returns:
        The message.

    Raises:
        RequestError: If there is no such model or version.
    """
    servable = predictor.servable(name, version)
    response = get_model_metadata_pb2.GetModelMetadataResponse()
    response.model_spec.name = name
    response.model_spec.version.value = servable.version
    signatures = get_model_metadata_pb2.SignatureDefMap()
    for key, value in servable.signature_defs.items():
        signatures.signature_def[key].CopyFrom(value)
    response.metadata["signature_def"].Pack(signatures)
    return response
