/** A1: the last net under fuzz: whatever is thrown out of wherever, each is one log line; the process goes on or ends. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { peerFaults } from '../support/mail-servers/peer-faults.js'

let faults: Awaited<ReturnType<typeof peerFaults>>
beforeAll(async () => {
  faults = await peerFaults()
})
afterAll(() => faults.stop())

const seeds = Array.from({ length: 12 }, (_, n) => 1_000 + n * 77)

test.each(seeds)(
  'A1: forty faults of connections, seed %i: each is a line without its message, and work goes on',
  async (seed) => {
    const { exit, lines, text } = await faults.fuzz(`${seed} none`)
    expect(text.slice(-1_000)).toContain('"alive":true')
    expect(exit).toBe(0)
    const said = lines.filter(({ event }) => event === 'uncaught-fault')
    const [{ faults: count, sessionsEnded, worked } = {}] = lines.filter((line) => 'faults' in line)
    expect([said.length, worked]).toEqual([count, true])
    expect(Number(sessionsEnded)).toBeGreaterThan(10)
    expect(said.filter(({ ends }) => ends !== false)).toEqual([])
    expect(text).not.toMatch(/ana|bank/)
  },
)

test.each(seeds)(
  'A1: after those one fault of ours, seed %i: its line, and the process does nothing more',
  async (seed) => {
    const { exit, lines, text } = await faults.fuzz(`${seed} fatal`)
    expect(exit).toBe(1)
    const at = lines.findIndex((line) => 'fatal' in line)
    expect(lines.slice(at + 1)).toEqual([
      expect.objectContaining({ event: 'uncaught-fault', level: 'error', ends: true }),
      { after: expect.any(Number) },
    ])
    expect(text).not.toMatch(/ana|bank/)
  },
)
