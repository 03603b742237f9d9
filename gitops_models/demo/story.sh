# The demo. Commands stand apart by empty lines; each must succeed. The words that are neither programs nor shell are
# functions of prelude.sh, such as `refused STATUS CODE COMMAND`.

## A server with a door, and a key for each role

mkdir home keys

git init -q --bare -b main remote.git

gm hook install remote.git

for who in ml lead raio domain operator ci reconciler; do
  ssh-keygen -q -t ed25519 -N '' -C "$who@example.org" -f "keys/$who"
done

cat >people.yaml <<END
apiVersion: gitops-models/v1
kind: People
people:
  - {id: ml, emails: [ml@example.org], roles: [ml-engineer], keys: [$(key ml)]}
  - {id: lead, emails: [lead@example.org], roles: [technical-lead, domain-lead], keys: [$(key lead)]}
  - {id: raio, emails: [raio@example.org], roles: [raio], keys: [$(key raio)]}
  - {id: domain, emails: [domain@example.org], roles: [domain-lead], keys: [$(key domain)]}
  - {id: operator, emails: [operator@example.org], roles: [operator], keys: [$(key operator)]}
workloads:
  - {id: ci, emails: [ci@example.org], may: [evidence-added], keys: [$(key ci)]}
  - {id: reconciler, emails: [reconciler@example.org], may: [deployment], keys: [$(key reconciler)]}
END

## A registry under a policy, pinned by the server and by every clone

clone lead

gm -C lead init --profile minimal --people people.yaml --dvc-remote "$PWD/artifacts"

gm -C remote.git trust pin

machine() { clone "$1" && gm -C "$1" trust pin; }
at_once machine ml raio domain operator ci reconciler

gm -C remote.git doctor

## Version 1.0.0: a new model of high risk is reviewed before it is there at all

mkdir reference && (cd "$REFERENCE" && tar -cf - gm.yaml .dvc/config policies models examples) | tar -xf - -C reference

git -C reference init -q -b main && git -C reference add . &&
  git -C reference -c user.name=ml -c user.email=ml@example.org commit -qm 'training code and its models'

fetched() { gm -C reference -q fetch "breast-cancer@$1" -o "$1"; }
at_once fetched 1.0.0 1.1.0 1.2.0

gm -C ml register breast-cancer 1.0.0/*.* evaluation=1.0.0/card --risk high --use clinical-decision-support \
  --code reference/examples/breast-cancer --entrypoint train.py \
  --metrics 1.0.0/card/metrics.json --params 1.0.0/card/params.json \
  --data labels=data/labels-2026-10.csv@2026-10 --features wdbc-30 -m 'four measurements, easy to explain'

gm -C raio approve breast-cancer@1.0.0 -m 'the intended use is clear'

gm -C domain approve breast-cancer@1.0.0

gm -C ml merge breast-cancer@1.0.0

gm -C ci evidence breast-cancer@1.0.0 --type evaluation --metrics 1.0.0/card/metrics.json \
  -m 'evaluated by CI' --merge

gm -C ml promote breast-cancer@1.0.0 --through production -m 'the first version to serve'

gm -C raio approve breast-cancer@1.0.0

gm -C domain approve breast-cancer@1.0.0

gm -C ml merge breast-cancer@1.0.0

gm -C reconciler reconcile --dir served --once

serve served/breast-cancer/production/current

accuracy 0.9357

## Version 1.1.0: really better

gm -C ml register breast-cancer 1.1.0/*.* evaluation=1.1.0/card --code reference/examples/breast-cancer \
  --entrypoint train.py --metrics 1.1.0/card/metrics.json --params 1.1.0/card/params.json \
  --data labels=data/labels-2026-10.csv@2026-10 --features wdbc-30 -m 'all 30 measurements' --merge

gm -C ci evidence breast-cancer@1.1.0 --type evaluation --metrics 1.1.0/card/metrics.json \
  -m 'evaluated by CI' --merge

gm -C ml promote breast-cancer@1.1.0 --through production -m 'recorded accuracy 0.97 instead of 0.92'

gm -C raio approve breast-cancer@1.1.0

gm -C domain approve breast-cancer@1.1.0

gm -C ml merge breast-cancer@1.1.0

gm -C reconciler reconcile --dir served --once

accuracy 0.9766

## Version 1.2.0: the best recorded metrics of all, on labels that somebody poisoned

gm -C ml register breast-cancer 1.2.0/*.* evaluation=1.2.0/card --code reference/examples/breast-cancer \
  --entrypoint train.py --metrics 1.2.0/card/metrics.json --params 1.2.0/card/params.json \
  --data labels=data/labels-2026-11.csv@2026-11 --features wdbc-30 -m 'newer labels' --merge

gm -C ci evidence breast-cancer@1.2.0 --type evaluation --metrics 1.2.0/card/metrics.json \
  -m 'evaluated by CI' --merge

gm -C ml promote breast-cancer@1.2.0 --through production -m 'recorded accuracy 0.99 instead of 0.97'

gm -C raio approve breast-cancer@1.2.0

gm -C domain approve breast-cancer@1.2.0

gm -C ml merge breast-cancer@1.2.0

gm -C reconciler reconcile --dir served --once

accuracy 0.8363

## Back to the last known good version: one signed commit, with hold and quarantine

gm -C raio rollback breast-cancer --quarantine --cause poisoning --incident INC-412 \
  -m 'misses 28 of 64 malignant tumours on held-out rows'

gm -C raio approve breast-cancer@1.1.0 -m 'authorized in INC-412'

gm -C raio merge breast-cancer@1.1.0

gm -C reconciler reconcile --dir served --once

accuracy 0.9766

stop_serving

## What happened: by gm, and by plain git

gm -C operator log

git -C operator log --first-parent --format='%h %s%n%(trailers:only,unfold)' origin/main

gm -C operator trust allowed-signers -o allowed_signers

git -C operator config gpg.ssh.allowedSignersFile "$PWD/allowed_signers"

git -C operator rev-list --all | xargs git -C operator verify-commit 2>signatures

git -C operator tag | xargs git -C operator verify-tag 2>>signatures

sed 's/ with .*//' signatures | sort | uniq -c

gm -C operator verify

## Refused: a lead approves his own proposal

gm -C lead lift breast-cancer --root-cause https://example.org/INC-412 -m 'let us go on'

gm -C lead approve breast-cancer -m 'I am a domain-lead, after all'

gm -C raio approve breast-cancer

refused 3 GM-P401 gm -C lead merge breast-cancer

## Refused: a released version is edited and pushed

git -C ml pull -q

edit ml/models/breast-cancer/versions/1.1.0/lineage.yaml 's/value: 0.97/value: 0.99/'

git -C ml commit -qam 'better figures' -m 'Gm-Reason: better figures'

refused 1 GM-P101 git -C ml push -q origin main

git -C ml reset -q --hard origin/main

## Refused: the bytes in the DVC remote are swapped for others

object=$(object_of ml/models/breast-cancer/versions/1.1.0/model.onnx.dvc)
mv "$object" swapped_out && cp 1.2.0/model.onnx "$object"

refused 5 GM-A314 gm -C reconciler reconcile --dir elsewhere --once

object=$(object_of ml/models/breast-cancer/versions/1.1.0/model.onnx.dvc)
rm -f "$object" && mv swapped_out "$object"

## Refused: main is rewound, by a push and by whoever owns the server

refused 1 GM-T600 git -C ml push -q --force origin HEAD~1:main

git -C remote.git update-ref refs/heads/main main~1

refused 5 GM-T600 gm -C operator status

git -C remote.git update-ref refs/heads/main "$(git -C ml rev-parse main)"

## Refused: a change that weakens the policy it would be judged by

edit ml/policies/policy.yaml 's/^version: 1/version: 2/; s/high: {approve: [^]]*]/high: {approve: none/'

git -C ml commit -qam 'reviews slow us down' -m 'Gm-Reason: reviews slow us down'

refused 1 GM-P401 git -C ml push -q origin main

git -C ml reset -q --hard origin/main

## Refused: the poisoned version comes back

refused 3 GM-P304 gm -C ml promote breast-cancer@1.2.0 --to production -m 'the figures were so good'

gm -C operator status
