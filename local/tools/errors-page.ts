import { everyDiagnosis } from '../../lib/diagnosis/diagnose.js'
import { whoActs } from '../../lib/model/attention.js'

/** One row per entry of the error catalogue, grouped by who acts. */
export function errorsPage(): string {
  const byActor = new Map<string, string[]>()
  for (const one of everyDiagnosis()) {
    const actor = whoActs(one.class, one.hint)
    const rows = byActor.get(actor) ?? []
    byActor.set(actor, rows)
    const cell = (text: string): string => text.replaceAll('|', '\\|')
    rows.push(`| \`${one.code}\` | ${cell(one.description)} | ${cell(one.remedy)} |`)
  }
  const sections = [...byActor].sort(([a], [b]) => a.localeCompare(b))
  return [
    '# Errors',
    '',
    'Generated from the error catalogue in `lib/diagnosis/catalogue.json` by `npm run docs`; a test compares them. These are',
    'the answers of mail servers and identity providers as the gateway explains them in logs, in the console, in events and',
    "in mail states, together with the server's own words. Errors of the API itself are in `openapi.json`.",
    '',
    ...sections.map(
      ([actor, rows]) =>
        `- [${actor}](#${actor
          .toLowerCase()
          .replace(/[^a-z ]/g, '')
          .replaceAll(' ', '-')}): ${rows.length}`,
    ),
    ...sections.flatMap(([actor, rows]) => [
      '',
      `## ${actor}`,
      '',
      '| code | what happened | what to do |',
      '|---|---|---|',
      ...rows,
    ]),
    '',
  ].join('\n')
}
