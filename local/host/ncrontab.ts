/**
 * Six-field NCRONTAB schedules (`{second} {minute} {hour} {day} {month} {day-of-week}`) in UTC, as timer triggers use
 * them: `*`, values, lists, ranges, steps and English names for months and week days. A day must satisfy both the day
 * field and the day-of-week field.
 */

export interface Schedule {
  expression: string
  /** First occurrence strictly after `afterMs` (epoch milliseconds). */
  next(afterMs: number): number
}

interface Field {
  label: string
  min: number
  max: number
  names?: readonly string[]
}

const monthNames = 'january february march april may june july august september october november december'.split(' ')
const weekdayNames = 'sunday monday tuesday wednesday thursday friday saturday'.split(' ')

const fields: readonly Field[] = [
  { label: 'second', min: 0, max: 59 },
  { label: 'minute', min: 0, max: 59 },
  { label: 'hour', min: 0, max: 23 },
  { label: 'day', min: 1, max: 31 },
  { label: 'month', min: 1, max: 12, names: monthNames },
  { label: 'day of week', min: 0, max: 6, names: weekdayNames },
]

const dayMs = 86_400_000
// 29 February on a given week day can be 40 years away, when the pattern crosses 2100.
const horizonDays = 366 * 41

/** Parses a schedule. Throws when a field is wrong or when no date can ever match (31 February). */
export function parseNcrontab(expression: string): Schedule {
  const parts = expression.trim().split(/\s+/)
  if (parts.length !== fields.length) {
    throw new Error(
      `schedule "${expression}" has ${parts.length} fields, expected 6 (second minute hour day month weekday)`,
    )
  }
  const [seconds, minutes, hours, days, months, weekdays] = parts.map((part, index) => {
    try {
      return parseField(part, fields[index]!)
    } catch (error) {
      throw new Error(`schedule "${expression}": ${(error as Error).message}`)
    }
  }) as [number[], number[], number[], number[], number[], number[]]
  const timesOfDay = { seconds, minutes, hours }
  const dayMatches = (date: Date) =>
    months.includes(date.getUTCMonth() + 1) && days.includes(date.getUTCDate()) && weekdays.includes(date.getUTCDay())

  const next = (afterMs: number): number => {
    const from = Math.floor(afterMs / 1000) * 1000 + 1000
    let day = Math.floor(from / dayMs) * dayMs
    for (let tried = 0; tried < horizonDays; tried++, day += dayMs) {
      if (!dayMatches(new Date(day))) continue
      const time = firstTimeOfDay(timesOfDay, Math.max(from - day, 0))
      if (time !== undefined) return day + time
    }
    throw new Error(`schedule "${expression}" never occurs`)
  }
  next(Date.UTC(2000, 0, 1))
  return { expression, next }
}

function firstTimeOfDay(
  times: { seconds: number[]; minutes: number[]; hours: number[] },
  notBeforeMs: number,
): number | undefined {
  const notBefore = notBeforeMs / 1000
  for (const hour of times.hours) {
    if ((hour + 1) * 3600 <= notBefore) continue
    for (const minute of times.minutes) {
      const start = hour * 3600 + minute * 60
      if (start + 60 <= notBefore) continue
      const second = times.seconds.find((candidate) => start + candidate >= notBefore)
      if (second !== undefined) return (start + second) * 1000
    }
  }
  return undefined
}

function parseField(text: string, field: Field): number[] {
  const values = new Set<number>()
  for (const item of text.split(',')) {
    const { start, end, step } = parseItem(item, field)
    for (let value = start; value <= end; value += step) values.add(value)
  }
  return [...values].sort((left, right) => left - right)
}

function parseItem(item: string, field: Field): { start: number; end: number; step: number } {
  const match = /^(\*|\w+)(?:-(\w+))?(?:\/(\d+))?$/.exec(item)
  if (!match || (match[1] === '*' && match[2])) throw new Error(`"${item}" is not a valid ${field.label}`)
  const step = match[3] === undefined ? 1 : Number(match[3])
  if (step < 1) throw new Error(`the step of "${item}" must be at least 1`)
  if (match[1] === '*') return { start: field.min, end: field.max, step }
  const start = parseValue(match[1]!, field)
  // As in NCrontab, "5/15" counts from 5 up to the end of the field.
  const end = match[2] ? parseValue(match[2], field) : match[3] ? field.max : start
  if (end < start) throw new Error(`the range "${item}" of ${field.label} runs backwards`)
  return { start, end, step }
}

function parseValue(text: string, field: Field): number {
  const lower = text.toLowerCase()
  const named =
    lower.length >= 3 ? (field.names?.findIndex((name) => name === lower || name.slice(0, 3) === lower) ?? -1) : -1
  const value = named >= 0 ? named + field.min : /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (!(value >= field.min && value <= field.max)) {
    throw new Error(`"${text}" is not a ${field.label} between ${field.min} and ${field.max}`)
  }
  return value
}
