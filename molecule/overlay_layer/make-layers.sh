#!/bin/sh
# Has lower layers on a filesystem of its own, which is mounted at boot.
# Usage: make-layers.sh DISK
set -eu
mkfs.xfs -q -L layers "$1"
echo 'LABEL=layers /srv/layers xfs noatime,nofail 0 2' >>/etc/fstab
mount --mkdir /srv/layers

cd /srv/layers
mkdir -p base/d base/e/f base/gone base/only-base app/d short
for file in a b d/x d/y e/f/g gone/z only-base/o pair; do echo base >base/$file; done
for file in a c d/x; do echo app >app/$file; done
head -c 17M /dev/zero >base/big
for name in 'a:b' 'c,d' 'e f' '100%' "it's ä"; do
    mkdir "$name"
    echo "$name" >"$name/from $name"
done

# Nothing is left to be written later, when a test is about to show that nothing is written.
sync
fsfreeze --freeze /srv/layers
fsfreeze --unfreeze /srv/layers
