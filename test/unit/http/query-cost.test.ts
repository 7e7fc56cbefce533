import { expect, test } from 'vitest'
import { operations } from '../../../lib/http/operations.js'
import { queryOf } from '../../../lib/http/query-of.js'
import { mostProblems } from '../../../lib/model/parse.js'
import { processorMs } from '../../support/processor-ms.js'

test('A3: a query full of parameters that nobody knows costs no more than the problems that are told', async () => {
  const query = (count: number) =>
    new URLSearchParams(Array.from({ length: count }, (_, n): [string, string] => [`name${n}x`, '1']))
  const refusal = async (count: number): Promise<{ problems: unknown[]; ms: number }> => {
    const given = query(count)
    const since = process.cpuUsage()
    for (let turn = 0; turn < 5; turn++) await expect(queryOf(operations.mailList, given)).rejects.toThrow()
    const ms = processorMs(since)
    const { problems } = (await queryOf(operations.mailList, given).catch((error: unknown) => error)) as never
    return { problems, ms }
  }
  await refusal(mostProblems)
  const few = await refusal(mostProblems)
  const many = await refusal(mostProblems * 100)
  expect(many.problems).toEqual(few.problems)
  expect(many.problems).toHaveLength(mostProblems)
  // A hundred times as many names are read, not searched for.
  expect(many.ms).toBeLessThan(few.ms * 12 + 50)
})
