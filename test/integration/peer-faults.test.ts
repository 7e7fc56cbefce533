/**
 * A1: no peer, name or address ends the process of all tenants (SEC-25, SEC-26, SEC-34). Every way to a peer meets every
 * failing connection in a process of its own, which has to live; the last net below is tried apart.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { peerFaults } from '../support/mail-servers/peer-faults.js'

let faults: Awaited<ReturnType<typeof peerFaults>>
beforeAll(async () => {
  faults = await peerFaults()
})
afterAll(() => faults.stop())

test('A1: a connection that fails at once, on every way to a peer, is an error of the caller, and the process lives', async () => {
  const { exit, lines, text } = await faults.tryAll({ faults: 'at once' })
  expect(text.slice(-2_000)).toContain('"alive":true')
  expect(exit).toBe(0)
  // The last net is installed, and nothing falls into it.
  expect(lines.filter((line) => 'net' in line)).toEqual([])
  const tries = lines.filter((line) => 'fault' in line)
  expect(tries.length).toBeGreaterThan(100)
  // An error of ours with a code, never a library's.
  expect(tries.filter(({ code }) => !/^[a-z][a-z0-9_]+$/.test(String(code)))).toEqual([])
  // Discovery answers "nothing found"; every other connection failed as planned.
  expect(tries.filter(({ way, code }) => way !== 'discovery' && code === 'none')).toEqual([])
}, 120_000)

test('A1: control: a look-up that answers within the call, and a socket nobody hears, end the process', async () => {
  const { exit, text } = await faults.tryAll({ faults: 'control' })
  expect(exit).not.toBe(0)
  expect(text).toContain('ENETUNREACH')
})

const lives = [
  'a parser throws',
  'a promise of the parser rejects',
  'a parser throws later',
  'a socket nobody hears',
  'a rejected connection nobody awaits',
]
test.concurrent.each(lives)('A1: the last net: %s: one line with the code, and the process goes on', async (name) => {
  const { exit, lines, text } = await faults.uncaught(name)
  expect(exit).toBe(0)
  expect(lines).toContainEqual({ alive: true })
  const said = lines.filter(({ event }) => event === 'uncaught-fault')
  expect(said).toEqual([expect.objectContaining({ level: 'error', ends: false })])
  if (name.includes('parser')) expect(lines).toContainEqual({ sessionEnded: true })
  else expect(said[0]).toMatchObject({ code: 'ENETUNREACH' })
  expect(text).not.toMatch(/ana|bank|none at/)
})

test.concurrent('A1: the last net: a process whose lines nobody reads any more ends and does not tell itself of it for ever', async () => {
  expect(await faults.deafened()).toBe(1)
})

const ends = ['our own code throws', 'our own promise rejects', 'something that is no error', 'nothing']
test.concurrent.each(ends)(
  'A1: the last net: %s: one line without its message, and the process ends at once',
  async (name) => {
    const { exit, lines, text } = await faults.uncaught(name)
    expect(exit).toBe(1)
    expect(lines).toEqual([expect.objectContaining({ event: 'uncaught-fault', level: 'error', ends: true })])
    expect(text).not.toMatch(/ana|bank|place/)
  },
)
