#!/bin/sh
# Makes a key for signing updates and the certificate that boxes believe:   image/keys.sh FOLDER
#
# Fit for tests and for a start. Who keeps many boxes wants an authority whose key is off line: RAUC takes any X.509 chain.
set -eu
folder=${1:?usage: image/keys.sh FOLDER}
[ ! -e "$folder/update.key" ] || exit 0
mkdir -p "$folder"
umask 077
# No date to run out: a box that was in a cupboard for years, with a clock that stands at 1970, must still take an update.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 -subj "/O=visaged/CN=visaged updates" \
    -addext "keyUsage=digitalSignature,keyCertSign" -addext "extendedKeyUsage=emailProtection,codeSigning" \
    -keyout "$folder/update.key.part" -out "$folder/update.cert.pem" 2>/dev/null
mv "$folder/update.key.part" "$folder/update.key"
