import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseNcrontab } from '../../local/host/ncrontab.js'

const occurrences = (expression: string, from: string, count: number): string[] => {
  const schedule = parseNcrontab(expression)
  const found: string[] = []
  let at = Date.parse(from)
  while (found.length < count) {
    at = schedule.next(at)
    found.push(new Date(at).toISOString().replace('.000Z', 'Z'))
  }
  return found
}

describe('next occurrence, UTC', () => {
  test.each([
    ['every minute', '0 * * * * *', '2026-01-31T23:58:30Z', ['2026-01-31T23:59:00Z', '2026-02-01T00:00:00Z']],
    [
      'every 20 seconds',
      '*/20 * * * * *',
      '2026-01-01T00:00:39.999Z',
      ['2026-01-01T00:00:40Z', '2026-01-01T00:01:00Z'],
    ],
    [
      'list and range',
      '0 0 8,12-13 * * *',
      '2026-01-01T08:00:00Z',
      ['2026-01-01T12:00:00Z', '2026-01-01T13:00:00Z', '2026-01-02T08:00:00Z'],
    ],
    [
      'range with step',
      '0 10-40/15 5 * * *',
      '2026-01-01T00:00:00Z',
      ['2026-01-01T05:10:00Z', '2026-01-01T05:25:00Z', '2026-01-01T05:40:00Z'],
    ],
    [
      'value with step runs to the end of the field',
      '0 5/25 0 * * *',
      '2026-01-01T00:00:00Z',
      ['2026-01-01T00:05:00Z', '2026-01-01T00:30:00Z', '2026-01-01T00:55:00Z'],
    ],
    ['week day names', '0 0 9 * * Mon-fri', '2026-01-02T09:00:00Z', ['2026-01-05T09:00:00Z', '2026-01-06T09:00:00Z']],
    ['month names', '0 0 0 1 JAN,july *', '2026-01-01T00:00:00Z', ['2026-07-01T00:00:00Z', '2027-01-01T00:00:00Z']],
    [
      'day and week day must both match',
      '0 0 0 13 * FRI',
      '2026-01-01T00:00:00Z',
      ['2026-02-13T00:00:00Z', '2026-03-13T00:00:00Z'],
    ],
    [
      '31st skips short months',
      '0 0 0 31 * *',
      '2026-03-31T00:00:00Z',
      ['2026-05-31T00:00:00Z', '2026-07-31T00:00:00Z'],
    ],
    ['leap day crosses 2100', '0 0 0 29 2 *', '2096-02-29T00:00:00Z', ['2104-02-29T00:00:00Z']],
    ['leap day on a Sunday', '0 0 0 29 2 0', '2004-02-29T00:00:00Z', ['2032-02-29T00:00:00Z']],
  ])('%s', (_title, expression, from, expected) => {
    expect(occurrences(expression, from, expected.length)).toEqual(expected)
  })

  test('an exact hit is not its own successor, a millisecond before is', () => {
    const schedule = parseNcrontab('0 0 12 * * *')
    const noon = Date.UTC(2026, 0, 1, 12)
    expect(schedule.next(noon - 1)).toBe(noon)
    expect(schedule.next(noon)).toBe(noon + 86_400_000)
  })

  test('the result is always later, in whole seconds, and nothing lies between', () => {
    const part = (max: number) =>
      fc.oneof(
        fc.constant('*'),
        fc.integer({ min: 0, max }).map(String),
        fc.integer({ min: 1, max }).map((n) => `*/${n}`),
      )
    fc.assert(
      fc.property(part(59), part(59), fc.integer({ min: 0, max: 4e12 }), (second, minute, from) => {
        const schedule = parseNcrontab(`${second} ${minute} * * * *`)
        const next = schedule.next(from)
        expect(next).toBeGreaterThan(from)
        expect(next % 1000).toBe(0)
        expect(schedule.next(next - 1)).toBe(next)
        expect(schedule.next(Math.floor((from + next) / 2))).toBe(next)
      }),
    )
  })
})

describe('refused schedules say why', () => {
  test.each([
    ['* * * * *', /has 5 fields, expected 6/],
    ['0 0 0 31 2 *', /never occurs/],
    ['0 0 0 30 FEB *', /never occurs/],
    ['60 * * * * *', /"60" is not a second between 0 and 59/],
    ['0 0 24 * * *', /hour between 0 and 23/],
    ['0 0 0 0 * *', /day between 1 and 31/],
    ['0 0 0 * * 7', /day of week between 0 and 6/],
    ['0 0 0 * XYZ *', /"XYZ" is not a month/],
    ['0 */0 * * * *', /step of "\*\/0" must be at least 1/],
    ['0 30-10 * * * *', /runs backwards/],
    ['0 1--2 * * * *', /not a valid minute/],
    ['0 *-5 * * * *', /not a valid minute/],
    ['0 , * * * *', /not a valid minute/],
    ['0 0 0 L * ?', /"L" is not a day/],
    ['00:05:00', /has 1 fields/],
  ])('%s', (expression, message) => {
    expect(() => parseNcrontab(expression)).toThrow(message)
  })
})
