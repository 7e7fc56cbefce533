import { isCalendarDay } from '../../model/calendar-day.js'
import type { MailSearch } from '../../model/mail-search.js'
import { mailSearchOf } from '../api/mail-search-of.js'
import type { QueryOf } from '../api/operation.js'
import { operations } from '../api/operations.js'
import { queryOf } from '../api/query-of.js'

const dayMs = 86_400_000
const perPage = 50
/** Of the console's own: notice, way back, chosen tenant, and the form itself. */
const own = new Set(['all', 'trail', 'done', 'tenant'])

/**
 * The search form in the words of the API, which checks it. An empty field is none; the last day is part of the time.
 */
export async function consoleMailQuery(query: URLSearchParams): Promise<MailSearch> {
  const given = [...query].filter(([name, value]) => !own.has(name) && value.trim() !== '')
  const asked = new URLSearchParams(Object.fromEntries(given.map(([name, value]) => [name, value.trim()])))
  const until = asked.get('until')
  if (until !== null) asked.set('until', endOf(until))
  if (query.get('all') === 'true') asked.set('includeDone', 'true')
  asked.set('limit', String(perPage))
  return mailSearchOf((await queryOf(operations.mailList, asked)) as QueryOf<typeof operations.mailList>)
}

/** Midnight after the day; what is no day of the calendar stays as it is, for the schema to refuse. */
function endOf(day: string): string {
  return isCalendarDay(day) ? new Date(Date.parse(day) + dayMs).toISOString() : day
}
