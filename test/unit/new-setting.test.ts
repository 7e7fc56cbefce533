/** A setting is one row: here are made-up ones, and everything that follows from a row knows them. */
import { expect, expectTypeOf, test } from 'vitest'
import { readRows } from '../../lib/config/read-rows.js'
import type { SettingRow } from '../../lib/config/setting-row.js'
import { settingsTable } from '../../lib/config/settings-table.js'
import { readConfig } from '../../lib/config.js'
import { adjustableRows, adjustSettings, resolveSettings } from '../../lib/model/setting.js'
import { configurationPage, deployedSettings, sampleSettings } from '../../local/tools/write-docs.js'

const rows = [
  {
    name: 'NAP_HOURS',
    field: 'napMs',
    kind: 'number',
    unit: 'hours',
    default: 2,
    min: 1,
    max: 9,
    description: 'How long a nap is.',
    adjustable: 'ceiling',
  },
  {
    name: 'NAP_PLACE',
    field: 'napPlace',
    kind: 'text',
    choices: ['sofa', 'bed'],
    default: 'sofa',
    description: 'Where a nap is taken.',
    adjustable: 'freely',
  },
  { name: 'NAP_ALONE', field: 'napAlone', kind: 'boolean', default: false, description: 'Nobody else naps.' },
  { name: 'NAP_SOUND', kind: 'url', example: 'https://naps.example', description: 'Held in no field.' },
] as const satisfies readonly SettingRow[]

const good = { NAP_SOUND: 'https://naps.example/sea' }
const read = (environment: Record<string, string> = good) => readRows(rows, environment, false)

test('the parsed settings hold it in its field, in the unit of the field', () => {
  expect(read().problems).toEqual([])
  expect(read().fields).toEqual({ napMs: 7_200_000, napPlace: 'sofa', napAlone: false })
  expect(read({ ...good, NAP_HOURS: '3', NAP_PLACE: 'bed', NAP_ALONE: 'true' }).fields).toEqual({
    napMs: 10_800_000,
    napPlace: 'bed',
    napAlone: true,
  })
  expect(read().text('NAP_SOUND')).toBe('https://naps.example/sea')
})

test('a wrong value is refused by what the row says, with an example', () => {
  expect(read({ NAP_HOURS: '10', NAP_PLACE: 'floor', NAP_ALONE: 'yes' }).problems).toEqual([
    { field: 'NAP_HOURS', message: 'must be a whole number from 1 to 9. Example: 2' },
    { field: 'NAP_PLACE', message: 'must be sofa or bed. Example: sofa' },
    { field: 'NAP_ALONE', message: 'must be true or false. Example: false' },
    { field: 'NAP_SOUND', message: 'is missing. Example: https://naps.example' },
  ])
})

test('tenants and mailboxes adjust it under its name in camel case, up to the value of the deployment', () => {
  const { adjustable, fields } = read({ ...good, NAP_HOURS: '3' })
  expect(resolveSettings(adjustable, [['tenant', { napPlace: 'bed' }]])).toEqual([
    {
      name: 'napHours',
      value: 3,
      source: 'deployment',
      default: 2,
      min: 1,
      max: 3,
      description: 'How long a nap is.',
    },
    { name: 'napPlace', value: 'bed', source: 'tenant', default: 'sofa', description: 'Where a nap is taken.' },
  ])
  expect(adjustable.map((rule) => [rule.wrong(4), rule.wrong('floor')])).toEqual([
    ['must be a whole number from 1 to 3.', 'must be a whole number from 1 to 3.'],
    ['must be sofa or bed.', 'must be sofa or bed.'],
  ])
  const own = adjustSettings(fields, [{ napHours: 9, napPlace: 'bed' }, { napHours: 1 }], adjustableRows(rows))
  expect(own).toEqual({ napMs: 3_600_000, napPlace: 'bed', napAlone: false })
})

test('the generated documents name it', () => {
  const table = [...settingsTable, ...rows]
  expect(configurationPage(table)).toContain(
    '| `NAP_HOURS` | number, 1 to 9 | `2` | `napHours`, at most that of the deployment | How long a nap is. |',
  )
  expect(JSON.parse(sampleSettings(table))).toMatchObject({
    Values: { NAP_HOURS: '2', NAP_PLACE: 'sofa', NAP_ALONE: 'false', NAP_SOUND: 'https://naps.example' },
  })
  expect(JSON.parse(deployedSettings(table))).toMatchObject({ NAP_HOURS: '', NAP_SOUND: '' })
})

test('no two rows share a name or a field', () => {
  for (const key of ['name', 'field'] as const) {
    const all = settingsTable.flatMap((row) => row[key] ?? [])
    expect(all).toHaveLength(new Set(all).size)
  }
})

test('the compiler knows the fields, their types and what a row must say', () => {
  const { fields, text } = read()
  expectTypeOf(fields).toEqualTypeOf<{ napMs: number; napPlace: 'sofa' | 'bed'; napAlone: boolean }>()
  // @ts-expect-error no row has this name
  expect(text('NAP_COLOUR')).toBe('')
  const config = readConfig({
    PUBLIC_BASE_URL: 'https://a.example',
    KEY_VAULT_URL: 'https://b.example',
    MailStorage: 'c',
  })
  expectTypeOf(config.whenUnknown).toEqualTypeOf<'stop' | 'resend'>()
  // @ts-expect-error Config has only the fields of the rows
  expect(config.pollMinSeconds).toBeUndefined()
  // @ts-expect-error Config holds milliseconds as a number
  const minutes: string = config.pollMinMs
  expect(minutes).toBe(60_000)

  const row = { name: 'X', field: 'x', kind: 'number', default: 1, min: 0, max: 2, description: '' } as const
  expectTypeOf(row).toExtend<SettingRow>()
  expectTypeOf<Omit<typeof row, 'max'>>().not.toExtend<SettingRow>()
  expectTypeOf<Omit<typeof row, 'default'>>().not.toExtend<SettingRow>()
  expectTypeOf<Omit<typeof row, 'field'> & { adjustable: 'freely' }>().not.toExtend<SettingRow>()
})
