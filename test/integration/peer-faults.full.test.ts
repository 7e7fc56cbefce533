/** A1: the same as peer-faults.test.ts for every code of the system, and for servers that answer first and fail then. */
import { expect, test } from 'vitest'
import { peerFaults } from '../support/mail-servers/peer-faults.js'

test('A1: every code of a connection that fails at once, on every way to a peer, is an error of the caller', async () => {
  const faults = await peerFaults()
  const { exit, lines, text } = await faults.tryAll({ faults: 'at once, each' }).finally(faults.stop)
  expect(text.slice(-2_000)).toContain('"alive":true')
  expect(exit).toBe(0)
  expect(lines.filter((line) => 'net' in line)).toEqual([])
  const tries = lines.filter((line) => 'fault' in line)
  expect(tries.length).toBeGreaterThan(350)
  expect(tries.filter(({ code }) => !/^[a-z][a-z0-9_]+$/.test(String(code)))).toEqual([])
  expect(tries.filter(({ way, code }) => way !== 'discovery' && code === 'none')).toEqual([])
}, 120_000)

test('A1: a server that resets or talks nonsense at any moment is an error of the caller, and the process lives', async () => {
  const faults = await peerFaults()
  const { exit, lines, text } = await faults.tryAll({ faults: 'served' }).finally(faults.stop)
  expect(text.slice(-2_000)).toContain('"alive":true')
  expect(exit).toBe(0)
  expect(lines.filter((line) => 'net' in line)).toEqual([])
  const tries = lines.filter((line) => 'fault' in line)
  expect(tries.length).toBeGreaterThan(40)
  expect(tries.filter(({ code }) => !/^[a-z][a-z0-9_]+$/.test(String(code)))).toEqual([])
  expect(tries.filter(({ way, code }) => way !== 'discovery' && code === 'none')).toEqual([])
}, 120_000)
