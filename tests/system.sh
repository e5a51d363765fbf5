#!/bin/sh
# Install what tests need of the system, where that is possible: Debian, as root. Elsewhere the
# tests that need them skip and say so.
set -eu

missing=""
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
[ -x /usr/sbin/smtp-sink ] || missing="$missing postfix"
[ -x /usr/sbin/dovecot ] || missing="$missing dovecot-core dovecot-imapd dovecot-lmtpd"
command -v spamassassin >/dev/null 2>&1 || missing="$missing spamassassin"
command -v crontab >/dev/null 2>&1 || missing="$missing cron"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "not installed, so some tests will skip:$missing"
    exit 0
fi

echo "installing$missing …"
export DEBIAN_FRONTEND=noninteractive
# Postfix, Dovecot and cron run in tests only, as private instances: nothing may start them as services.
guard=/usr/sbin/policy-rc.d
if [ ! -e "$guard" ]; then
    printf '#!/bin/sh\nexit 101\n' > "$guard"
    chmod +x "$guard"
    trap 'rm -f "$guard"' EXIT
fi
if ! { apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing; } \
    >/tmp/newsletter-system.log 2>&1; then
    tail -5 /tmp/newsletter-system.log
    echo "could not install$missing: some tests will skip"
fi
