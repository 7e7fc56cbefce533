import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { jsonLog } from '../../../lib/log.js'
import { timerNames } from '../../../lib/model/timers.js'
import { at, infraTexts } from '../../support/infra/infra.js'
import { alertProblems, alertsOf, type Sources, workbookOf } from '../../support/infra/infra-alerts.js'

const root = new URL('../../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')
const code = readdirSync(new URL('lib', root), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.endsWith('telemetry.ts'))
  .map((path) => read(`lib/${path}`))
  .join('\n')
const sources: Sources = { infra: infraTexts(), runbook: read('docs/runbook.md'), code }

test('every alert has its section, every link leads there, every query asks for what the code writes', () => {
  expect(alertProblems(sources)).toEqual([])
})

test('REL-31, REL-32: somebody is woken when timers stand still, the app cannot start or the counts do not close', () => {
  const { alerts } = alertsOf(sources.infra)
  const woken = alerts.filter((one) => one.severity <= 1).map((one) => one.name)
  expect(woken).toEqual(expect.arrayContaining(['timer-missing', 'start-failed', 'balance-not-closed', 'mail-late']))
  const heartbeat = alerts.find((one) => one.name === 'timer-missing')?.query ?? ''
  const timers = readdirSync(new URL('functions', root))
    .flatMap((file) => [...read(`functions/${file}`).matchAll(/app\.timer\('([\w-]+)'/g)])
    .map(([, timer]) => timer)
  expect(timers.toSorted()).toEqual(timerNames.toSorted())
  for (const timer of timers) expect(heartbeat).toContain(`'${timer}'`)
  expect(heartbeat).toContain('ago(10m)')
  // A run by the second clock is no run of the timer.
  expect(heartbeat).toContain("== 'own'")
  const { deployed } = alertsOf(sources.infra)
  const late = deployed.find((one) => one.name === 'mbg-timer-late')?.body
  expect([at(late, 'properties.evaluationFrequency'), at(late, 'properties.severity')]).toEqual(['PT1M', 1])
})

test('the issue of each alert is on the page of pictures too', () => {
  const { deployed } = alertsOf(sources.infra)
  const pictures = workbookOf(deployed).map((item) => item.name)
  for (const picture of [
    'attempts-by-state',
    'oldest-late',
    'poll-lateness',
    'refresh-failures',
    'attention-by-class',
    'storage-throttling',
    'vault-results',
    'storage-requests',
    'executions',
  ])
    expect(pictures).toContain(picture)
})

test('alerts go to the people named, and the budget warns before and after', () => {
  const { deployed } = alertsOf(sources.infra)
  const group = deployed.find((one) => one.type.endsWith('/actionGroups'))
  expect(at(group?.body, 'properties.emailReceivers.0.emailAddress')).toBe('on-call@example.com')
  const budget = deployed.find((one) => one.type.endsWith('/budgets'))
  expect(at(budget?.body, 'properties.notifications.foreseen')).toMatchObject({ thresholdType: 'Forecasted' })
})

test('a line begins as the queries look for it', () => {
  const lines: string[] = []
  const sink = (line: string) => void lines.push(line)
  jsonLog({ info: sink, warn: sink, error: sink }).error('message-buried', {
    queue: 'mail-send',
    tenant: 'acme',
    messageId: 'one',
  })
  expect(lines[0]).toMatch(/^\{"event":"message-buried"/)
})

test.each<[what: string, plant: (sources: Sources) => Sources, named: RegExp]>([
  [
    'a line nobody writes',
    (from) => ({ ...from, infra: edited(from.infra, 'queries/mail-late.kql', 'mails-open', 'mails-waiting') }),
    /no line is called mails-waiting/,
  ],
  [
    'a field the line does not have',
    (from) => ({ ...from, infra: edited(from.infra, 'queries/mail-late.kql', 'line.waiting', 'line.queued') }),
    /mails-open has no field queued/,
  ],
  [
    'a line the code stopped writing',
    (from) => ({ ...from, code: from.code.replaceAll("'secret-expiring'", "'x'") }),
    /nothing writes secret-expiring/,
  ],
  [
    'a picture of another field',
    (from) => ({ ...from, infra: edited(from.infra, 'workbook.json', 'line.quarantined', 'line.refused') }),
    /workbook received: polls-ran has no field refused/,
  ],
  [
    'a metric that does not exist',
    (from) => ({ ...from, infra: edited(from.infra, 'modules/alerts.bicep', 'ServiceApiResult', 'ServiceApiErrors') }),
    /vault-throttled: Azure counts no/,
  ],
  [
    'a metric in a form that shows nothing',
    (from) => ({ ...from, infra: edited(from.infra, 'workbook.json', 'vaults--Service', 'vaults-Service') }),
    /is no name of a metric/,
  ],
  [
    'a section renamed',
    (from) => ({ ...from, runbook: from.runbook.replace('## polls-late', '## late-polls') }),
    /polls-late: docs\/runbook.md has no such section/,
  ],
  [
    'a section without an end',
    (from) => ({ ...from, runbook: from.runbook.replace('**Over when** the forecast', 'When the forecast') }),
    /budget-exceeded: the section does not say "Over when"/,
  ],
  [
    'a dead link inside the runbook',
    (from) => ({ ...from, runbook: from.runbook.replace('(#log-cap-reached)', '(#log-cap)') }),
    /#log-cap: a link to no section/,
  ],
  [
    'an alert that tells nobody',
    (from) => ({
      ...from,
      infra: edited(from.infra, 'modules/alerts.bicep', 'actionGroups: [people.id]', 'actionGroups: []'),
    }),
    /tells nobody/,
  ],
  [
    'an alert with another link',
    (from) => ({
      ...from,
      infra: edited(
        from.infra,
        'modules/alerts.bicep',
        /\{runbookAddress\}#\$\{rule.name\}'\n/g,
        "{runbookAddress}'\n",
      ),
    }),
    /links to docs\/runbook.md/,
  ],
])('%s is caught', (_, plant, named) => {
  expect(alertProblems(plant(sources)).join('\n')).toMatch(named)
})

function edited(infra: Sources['infra'], file: string, from: string | RegExp, to: string): Sources['infra'] {
  const before = infra[file] ?? ''
  const after = before.replaceAll(from, to)
  expect(after, 'the mistake was planted').not.toBe(before)
  return { ...infra, [file]: after }
}
