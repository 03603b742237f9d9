"""Codes GM-Annn.

Files and digests (1), pointers and manifests (2), remotes (3), delivery of bytes (4), formats (5), what is known of a
version (6), scans (7).
"""

from gitops_models.errors.codes import Code, Exit

CODES = {
    "GM-A101": Code("file not found", Exit.NOT_FOUND, "check the path"),
    "GM-A102": Code("symbolic link in an artifact", Exit.USAGE, "give the real file: links do not travel"),
    "GM-A103": Code("not a regular file", Exit.USAGE, "only regular files and directories can be artifacts"),
    "GM-A104": Code("file cannot be read", Exit.USAGE, "check the permissions"),
    "GM-A105": Code("unsafe file name", Exit.USAGE, "rename the file"),
    "GM-A106": Code("file changed while it was read", Exit.CONFLICT, "let the writer finish, then run again"),
    "GM-A107": Code("empty directory", Exit.USAGE, "an artifact directory needs at least one file"),
    "GM-A108": Code("directory too large or too deep", Exit.USAGE, "pack the files into fewer or flatter ones"),
    "GM-A109": Code("read error", Exit.EXTERNAL, "check the disk or the mount, then run again"),
    "GM-A201": Code("malformed pointer", Exit.INTEGRITY, "restore the pointer from the commit that registered it"),
    "GM-A202": Code("pointer field not allowed", Exit.INTEGRITY, "pointers name bytes by hash and nothing else"),
    "GM-A203": Code("pointer path not allowed", Exit.INTEGRITY, "the path is the artifact's file name, no folder"),
    "GM-A204": Code("pointer contradicts the lineage", Exit.INTEGRITY, "register the version again from its files"),
    "GM-A205": Code("pointer missing", Exit.NOT_FOUND, "register the version again from its files"),
    "GM-A211": Code("malformed directory manifest", Exit.INTEGRITY, "upload the directory again"),
    "GM-A212": Code(
        "unsafe path in a directory manifest", Exit.INTEGRITY, "do not use these bytes; find who wrote them"
    ),
    "GM-A213": Code("directory manifest too large", Exit.INTEGRITY, "pack the files into fewer ones"),
    "GM-A301": Code("malformed DVC configuration", Exit.USAGE, "repair .dvc/config (`dvc config --list` shows it)"),
    "GM-A302": Code("no DVC remote", Exit.USAGE, "set one: `dvc remote add -d <name> <url>`"),
    "GM-A303": Code("remote option not allowed", Exit.USAGE, "put it into .dvc/config.local or the reconciler's file"),
    "GM-A304": Code("remote layout not supported", Exit.USAGE, "use a remote that stores objects by hash"),
    "GM-A305": Code("remote driver not installed", Exit.USAGE, "install the DVC driver, e.g. `pip install dvc-s3`"),
    "GM-A306": Code("not a DVC repository", Exit.USAGE, "run `gm init` or `dvc init`"),
    "GM-A311": Code("object missing in the remote", Exit.NOT_FOUND, "push it from a clone that has it: `dvc push`"),
    "GM-A312": Code("object truncated", Exit.INTEGRITY, "upload it again from a clone that has it"),
    "GM-A313": Code("object too long", Exit.INTEGRITY, "do not use these bytes; find who wrote them"),
    "GM-A314": Code("object swapped", Exit.INTEGRITY, "do not use these bytes; find who wrote them"),
    "GM-A315": Code("object is not a regular file", Exit.INTEGRITY, "replace it by the file it should be"),
    "GM-A321": Code("remote unreachable", Exit.EXTERNAL, "check the address and the network, then run again"),
    "GM-A322": Code("remote refused the credentials", Exit.AUTHENTICATION, "log in to the remote, then run again"),
    "GM-A323": Code("upload failed", Exit.EXTERNAL, "check the remote, then run again: what arrived is kept"),
    "GM-A324": Code("uploaded copy differs", Exit.INTEGRITY, "check the remote's disk, then run again"),
    "GM-A325": Code("MD5 collision in the remote", Exit.INTEGRITY, "two files share an MD5: use another remote"),
    "GM-A401": Code("content cannot be stored", Exit.EXTERNAL, "check space and permissions"),
    "GM-A402": Code("destination differs", Exit.CONFLICT, "choose another directory or remove this one"),
    "GM-A403": Code("directory digest differs", Exit.INTEGRITY, "do not use these bytes; find who wrote them"),
    "GM-A501": Code("malformed model file", Exit.INTEGRITY, "export the model again"),
    "GM-A601": Code("metrics file not understood", Exit.USAGE, "write JSON: names to numbers"),
    "GM-A602": Code("parameters file not understood", Exit.USAGE, "write plain YAML or JSON: names to values"),
    "GM-A603": Code(
        "data file not understood", Exit.USAGE, "check the .dvc file or dvc.lock, or name the data by flag"
    ),
    "GM-A610": Code(
        "DVC's own files of one machine came with the repository",
        Exit.INTEGRITY,
        "they could name programs to run: `git rm --cached` them, and find who committed them",
    ),
    "GM-A611": Code(
        "cache directory outside of the repository",
        Exit.USAGE,
        "a committed file does not say where to write: `dvc cache dir --local DIRECTORY`",
    ),
    "GM-A604": Code("environment file not understood", Exit.USAGE, "check the lock file, or name one by flag"),
    "GM-A621": Code("remote stalled", Exit.EXTERNAL, "check the network, then run again: what arrived is kept"),
    "GM-A622": Code("remote answers inconsistently", Exit.EXTERNAL, "check the remote and any proxy, then run again"),
    "GM-A623": Code("needed bytes unknown", Exit.CONFLICT, "repair what `gm status` names; nothing was removed"),
    "GM-A624": Code("nothing fetched here", Exit.NOT_FOUND, "name the reconciler's file: `gm gc --config FILE`"),
    "GM-A625": Code(
        "unknown host key", Exit.AUTHENTICATION, "compare its fingerprint, then add the host to ~/.ssh/known_hosts"
    ),
    "GM-A701": Code("file runs code when it is loaded", Exit.INTEGRITY, "do not load it; find who wrote it"),
    "GM-A702": Code(
        "file cannot be followed to its end", Exit.INTEGRITY, "save the model again, in a format without code"
    ),
    "GM-A703": Code("file asks for more than its own bytes", Exit.INTEGRITY, "pack the model into one plain archive"),
    "GM-A704": Code("format that is not looked into", Exit.INTEGRITY, "save the model as ONNX or safetensors"),
    "GM-A706": Code("interface is not what the bytes say", Exit.INTEGRITY, "leave --interface out: the file says it"),
    "GM-A705": Code("format not allowed", Exit.INTEGRITY, "save the model in a format that holds no code, e.g. ONNX"),
}
