# Every command of the demo runs after these lines. PYTHON has gitops-models[demo], REFERENCE holds the reference
# registry; the current directory is the demo's own.
set -eu
for name in $(env | sed -nE 's/^((GIT|GM|DVC|XDG|SSH)_[A-Za-z0-9_]*)=.*/\1/p'); do unset "$name"; done
export HOME="$PWD/home" GIT_CONFIG_NOSYSTEM=1 LC_ALL=C TZ=UTC
# A machine that keeps no byte code would compile every program anew for each command.
if [ -n "${PYTHONDONTWRITEBYTECODE-}" ]; then
  unset PYTHONDONTWRITEBYTECODE
  export PYTHONPYCACHEPREFIX="$HOME/pycache"
fi

gm() {
  "$PYTHON" -P -m gitops_models --no-input "$@"
}

# clone WHO: a clone of the server's repository that signs with WHO's own key
clone() {
  git clone -q -c user.name="$1" -c user.email="$1@example.org" -c gpg.format=ssh \
    -c user.signingkey="$PWD/keys/$1" -c commit.gpgsign=true remote.git "$1"
}

# at_once COMMAND NAME...: COMMAND NAME for each name, all of them together; fails when one fails
at_once() {
  command=$1 running=''
  shift
  for name in "$@"; do
    "$command" "$name" &
    running="$running $!"
  done
  for pid in $running; do wait "$pid" || return; done
}

# key WHO: WHO's public key as the people file wants it
key() {
  echo "{type: ssh, key: $(cut -d' ' -f1,2 "keys/$1.pub")}"
}

# object_of POINTER: where the DVC remote keeps the bytes of a .dvc file
object_of() {
  sed -nE 's|.*md5: *([0-9a-f]{2})([0-9a-f]*).*|artifacts/files/md5/\1/\2|p' "$1"
}

# edit FILE EXPRESSION: sed in place
edit() {
  sed "$2" "$1" >edited
  cat edited >"$1"
  rm edited
}

# shows TEXT COMMAND...: the command succeeds and prints TEXT
shows() {
  text=$1
  shift
  said=$("$@") || return
  printf '%s\n' "$said"
  case $said in
    *"$text"*) ;;
    *)
      echo "NOT what must happen: it did not print $text" >&2
      return 1
      ;;
  esac
}

# refused STATUS CODE COMMAND...: the command ends with STATUS and says CODE
refused() {
  status=$1 code=$2 ended=0
  shift 2
  said=$("$@" 2>&1) || ended=$?
  printf '%s\n' "$said"
  case $ended:$said in
    "$status":*"[$code]"*) echo "==> refused, as it must be: $code, exit status $status" ;;
    *)
      echo "NOT what must happen: exit status $ended, wanted $status with $code" >&2
      return 1
      ;;
  esac
}

# serve PATH: predictions over HTTP on loopback, from whatever version PATH leads to; the address is in server.url
serve() {
  "$PYTHON" reference/examples/breast-cancer/inference.py "$1" >server.url 2>server.log &
  echo $! >server.pid
  until [ -s server.url ]; do
    kill -0 "$(cat server.pid)" || return
    sleep 0.1
  done
  cat server.url
}

# accuracy VALUE: what is served, measured on the held-out rows, is that good
accuracy() {
  shows "\"accuracy\": $1," "$PYTHON" reference/examples/breast-cancer/evaluate.py "$(cat server.url)"
}

stop_serving() {
  if [ -s server.pid ]; then
    kill "$(cat server.pid)" 2>/dev/null || :
    rm -f server.pid
  fi
}
