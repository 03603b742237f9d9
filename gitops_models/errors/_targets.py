"""Codes GM-R310..GM-R339: engines that serve from a target, and the server of `gm serve`."""

from gitops_models.errors.codes import Code, Exit

CODES = {
    "GM-R310": Code(
        "serving engine out of reach",
        Exit.EXTERNAL,
        "nothing was changed for clients; start the engine, or check address, certificate and time limit",
    ),
    "GM-R311": Code(
        "serving engine refuses the version",
        Exit.INTEGRITY,
        "what was served before is served again; look into the engine's own log for the reason",
    ),
    "GM-R312": Code(
        "serving engine serves something else than it was told",
        Exit.INTEGRITY,
        "ask the engine for its digest by hand; it may have another source of models, or need a longer time limit",
    ),
    "GM-R313": Code(
        "serving engine's answer cannot be read",
        Exit.EXTERNAL,
        "check address and field of `observe`: the digest is 64 hex digits, and nothing where nothing is served",
    ),
    "GM-R314": Code(
        "command of the target failed",
        Exit.INTEGRITY,
        "run it by hand with the words of the message; status 75 says that another attempt may help",
    ),
    "GM-R315": Code(
        "command of the target could not do it now",
        Exit.EXTERNAL,
        "it is tried again; check that the program is there and how long it takes",
    ),
    "GM-R316": Code(
        "no process to signal", Exit.EXTERNAL, "start the engine; its process id is read from the file `pid_file`"
    ),
    "GM-R317": Code(
        "no token for the serving engine", Exit.EXTERNAL, "put one line of ASCII into the file that `token_file` names"
    ),
    "GM-R318": Code(
        "serving engine refuses what it served before",
        Exit.EXTERNAL,
        "it is tried again; look into the engine's own log: the version was good enough for it once",
    ),
    "GM-R330": Code("onnxruntime is not installed", Exit.NOT_FOUND, "run `pip install 'gitops-models[serve]'`"),
    "GM-R331": Code("cannot listen there", Exit.EXTERNAL, "choose another --listen ADDRESS:PORT; port 0 takes any"),
    "GM-R332": Code(
        "model cannot be loaded", Exit.INTEGRITY, "what was served before stays; look at the file with its own tools"
    ),
    "GM-R333": Code("no such model is served", Exit.NOT_FOUND, "see what is served: POST /v2/repository/index"),
    "GM-R334": Code("request cannot be answered as it is", Exit.USAGE, "see GET /v2/models/MODEL for names and shapes"),
    "GM-R335": Code(
        "model failed on this input", Exit.INTEGRITY, "look at the input; the model itself goes on serving"
    ),
}
