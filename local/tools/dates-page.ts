import { nearDays, platformDates, readOn } from '../../lib/model/platform-dates.js'

/** `docs/dates.md`: what ends when, soonest first, then what has no announced end. */
export function datesPage(): string {
  const dated = platformDates.filter(({ ends }) => ends !== '').sort((a, b) => a.ends.localeCompare(b.ends))
  const undated = platformDates.filter(({ ends }) => ends === '')
  return [
    '# What ends when',
    '',
    'Generated from `lib/model/platform-dates.ts` by `npm run docs`; a test compares them, and another finds everything the',
    'repository names (runtimes, management APIs, actions, libraries, protocols) in this table and nothing else. The dates',
    `are the vendors', read on ${readOn}; none was tested against a subscription.`,
    '',
    `Six months (${nearDays} days) before an end the unit tests fail, unless the row says why that is accepted and until when.`,
    'A deployment tells its operators: a card in the console (kind *End of support*), the log line `platform-date-near` and',
    'the alert of that name ([runbook.md](runbook.md#platform-date-near)), each once per stage: 183, 90, 30, 7 days, and the',
    'end. It reports only what it runs on itself, such as its own Node.js. A mailbox that signs in to Microsoft with a',
    'password carries its own warning.',
    '',
    '| ends | what | who is told | do | accepted although near | source |',
    '|---|---|---|---|---|---|',
    ...dated.map(
      ({ ends, id, what, told, action, accepted, source }) =>
        `| ${ends} | ${what} (\`${id}\`) | ${told} | ${action} | ${accepted === undefined ? '' : `until ${accepted.until}: ${accepted.why}`} | [read here](${source}) |`,
    ),
    '',
    '## No end announced',
    '',
    '| what | do when one is | source |',
    '|---|---|---|',
    ...undated.map(({ id, what, action, source }) => `| ${what} (\`${id}\`) | ${action} | [read here](${source}) |`),
    '',
  ].join('\n')
}
