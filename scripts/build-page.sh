#!/usr/bin/env bash
# Builds the client and the chat page. The next build of the server embeds them.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/need.sh node
scripts/install-packages.sh
npm run build -w client
npm run build -w web
