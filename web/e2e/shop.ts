// What the pictures of the manual show: the machine of a small shop, on a day when not everything went well.

/** `ops` takes messages, `pager` refuses them. */
export const shop = (ops: string, pager: string): string => String.raw`
[notifiers.ops]
type = "webhook"
url = "${ops}"

[notifiers.pager]
type = "webhook"
url = "${pager}"

[[route]]
events = ["run.failed", "service.fatal"]
notifiers = ["ops", "inapp"]

[[route]]
events = ["service.fatal"]
notifiers = ["pager"]

[services.shop]
group = "shop"
description = "the shop itself"
instances = 2
run = '''
i=0
while :; do
  i=$((i + 1))
  case $((i % 17)) in
    0) printf '\033[33mWARN\033[0m  \033[36mpool\033[0m slow query took %d ms: select * from orders\n' $((300 + i % 200)) ;;
    5) printf '\033[31mERROR\033[0m \033[36mpayment\033[0m card declined for order %d\n' $((48000 + i)) >&2 ;;
    *) printf '\033[32mINFO\033[0m  \033[36mhttp\033[0m GET /items/%d \033[2m200 in %d ms\033[0m\n' $((i * 37 % 991)) $((3 + i * 7 % 60)) ;;
  esac
  if [ $i -gt 400 ]; then sleep 0.4; fi
done
'''

[services.shop.health]
exec = "true"
interval = "1s"

[services.mailer]
group = "shop"
description = "sends what customers get"
run = "echo ready to send; exec sleep infinity"

[services.search-index]
group = "shop"
description = "keeps the index of the catalogue"
start_retries = 2
restart_delay = "50ms"
run = "echo 'opening /srv/index'; echo 'panic: index is of version 7, this program reads 6' >&2; exit 134"

[services.metrics-agent]
group = "machine"
description = "ships figures of the machine"
run = "echo shipping to metrics.internal; exec sleep infinity"

[tasks.backup]
group = "night"
description = "copies the database to the other house"
cron = "15 2 * * *"
run = '''
echo 'dumping shop (3 tables)'
echo 'orders      1,204,332 rows'
echo 'customers      88,120 rows'
echo 'items           9,914 rows'
printf 'uploading 10%%\ruploading 60%%\ruploading 100%%, 1.2 GB\n'
echo 'done'
'''

[tasks.report]
group = "night"
description = "figures of the day, by mail"
cron = "0 6 * * 1-5"
run = '''
echo 'reading orders of yesterday'
echo 'grouping by country: 14 groups'
printf '\033[1;31merror:\033[0m no exchange rate for \033[1mISK\033[0m on 2026-11-23\n' >&2
echo '  at rates.lookup (rates.py:88)' >&2
echo '  at report.build (report.py:41)' >&2
exit 3
'''

[tasks.thumbnails]
group = "shop"
description = "pictures of new items in three sizes"
cron = "*/10 * * * *"
run = "for i in 1 2 3 4 5 6; do echo resized item-$i.jpg to 3 sizes; done"

[tasks.certificates]
group = "machine"
description = "renews certificates that end soon"
cron = "30 4 * * *"
run = "echo 'shop.example: 61 days left, nothing to do'"

[tasks.deploy]
group = "shop"
description = "puts a version on a stage"
run = "echo fetching $VERSION; echo switching $STAGE to $VERSION; echo 'health check passed'"
params = [
  { env = "STAGE", choices = ["staging", "production"], default = "staging" },
  { env = "VERSION", required = true, description = "which one, such as 4.12.0" },
]

[tasks.cleanup]
group = "machine"
description = "throws old uploads away"
cron = "0 */6 * * *"
run = "echo deleted 118 files in /var/uploads"
`;
