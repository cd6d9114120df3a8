// The configuration that most tests look at: a small site with what usually goes wrong.

/** The configuration in folder `dir`; `more` is added at its end. */
export function site(dir: string, more = ""): string {
  return String.raw`
[services.web]
group = "site"
description = "serves the shop"
run = "echo listening on 8080; exec sleep infinity"

[services.worker]
group = "site"
description = "sends mail"
instances = 2
run = "echo ready; exec sleep infinity"

[services.ledger]
group = "money"
description = "books payments"
run = "echo 'could not open /srv/ledger.db: no such file' >&2; exit 2"
start_retries = 1
restart_delay = "10ms"

[services.talker]
group = "site"
description = "says what it is told"
run = "exec cat ${dir}/talk"

[tasks.backup]
group = "night"
description = "copies the database away"
cron = "0 3 * * *"
run = "echo copying 3 tables; echo 'wrote 1.2 GB'"

[tasks.report]
group = "night"
description = "fails, so that there is something to look at"
run = '''
echo counting
printf '\033[31mERROR\033[0m no figures for yesterday\n' >&2
exit 3
'''

[tasks.deploy]
group = "site"
description = "puts a version on a stage"
run = "echo deploying $VERSION to $STAGE"
params = [
  { env = "STAGE", choices = ["test", "live"], default = "test" },
  { env = "VERSION", required = true, description = "which one, such as 1.4.2" },
]

[tasks.flood]
description = "prints a lot"
run = "seq -f 'line %.0f of many' 1 60000"

[tasks.nasty]
description = "prints what a page must not believe"
run = '''
echo '<img src=x onerror=alert(1)><script>alert(2)</script>'
printf '10%%\r50%%\r100%% done\n'
head -c 5000 /dev/zero | tr '\0' x; echo
printf '\033]8;;https://example.com/\007link\033]8;;\007 and\007 bell\n'
'''
${more}`;
}
