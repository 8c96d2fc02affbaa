#!/bin/sh
# What every container starts with: the secrets become variables, then comes the command. It is /app/bin/entrypoint, and
# airflow, podwatch and celery are links to it, so that a health check or `docker compose exec` finds the secrets as well.
#
#   /run/podwatch/*/NAME        a file named as a variable, made by compose_secrets.py; a variable that is set goes first
#   PODWATCH_..._FILE, SLACK_..._FILE   a file with the value of the variable without _FILE (Docker's and others' secrets)
umask 0002

for name in $(env | sed -n 's/^\(PODWATCH_[A-Z_]*\)_FILE=..*/\1/p; s/^\(SLACK_[A-Z_]*\)_FILE=..*/\1/p'); do
    eval "file=\$${name}_FILE value=\${$name:-}"
    unset "${name}_FILE"
    [ -z "$value" ] || continue
    value=$(cat "$file") || { echo "podwatch: $file: cannot be read - ${name}_FILE names it" >&2; exit 1; }
    export "$name=$value"
done

for file in /run/podwatch/*/*; do
    name=${file##*/}
    case $name in *[!A-Z0-9_]*) continue ;; esac
    [ -r "$file" ] || continue
    eval "value=\${$name:-}"
    [ -n "$value" ] || export "$name=$(cat "$file")"
done

# An airflow.cfg of the operator's own; variables go before what is in it.
[ ! -s /app/site/airflow.cfg ] || export AIRFLOW_CONFIG=/app/site/airflow.cfg

case ${0##*/} in
    podwatch)
        # Who has no key to Airflow's database cannot ask it: `podwatch doctor` then speaks of podwatch alone.
        [ -n "${AIRFLOW__DATABASE__SQL_ALCHEMY_CONN:-}" ] || unset $(env | sed -n 's/^\(AIRFLOW_[A-Z_]*\)=.*/\1/p')
        exec /app/.venv/bin/python /app/lib/bin/podwatch "$@"
        ;;
    airflow | celery) exec "/app/.venv/bin/${0##*/}" "$@" ;;
esac
exec "$@"
