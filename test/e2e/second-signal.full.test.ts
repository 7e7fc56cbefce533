/** Somebody is impatient: a second SIGTERM or Ctrl-C ends at once, and what it leaves behind needs nobody. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { startStack } from '../../local/stack.js'
import { connectForStops } from '../support/soak/stop-run.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

async function until(isSo: () => boolean | Promise<boolean>, ms = 120_000): Promise<void> {
  for (const end = performance.now() + ms; !(await isSo()); await delay(50))
    if (performance.now() > end) throw new Error('waited in vain')
}

test('C12: M-170: a second SIGTERM ends an instance that waits for a mail server; its mailbox continues elsewhere within seconds, nothing leaves twice', async () => {
  // Slower than any grace.
  const answerMs = 30_000
  const stack = await startStack({ root, smtpAnswerMs: answerMs })
  try {
    const world = await connectForStops(root, stack, 0)
    const arrivals: string[] = []
    const { deliver } = stack.directory
    stack.directory.deliver = (...mail) => {
      arrivals.push(/^Subject: (.*?)\r?$/im.exec(mail[1].toString('latin1'))?.[1] ?? '')
      return deliver.apply(stack.directory, mail)
    }
    const submit = async (subject: string) => {
      const body = { mailboxId: world.smtp, to: ['ben@contoso.example'], subject, text: 'x', whenUnknown: 'stop' }
      return (await world.app.call<{ id: string }>('POST', 'v1/mails', body)).id
    }
    const stateOf = async (id: string) => (await world.app.call<{ state: string }>('GET', `v1/mails/${id}`)).state
    const first = await submit('first')
    await until(async () => (await stateOf(first)) === 'handing-over')

    const leaving = stack.host()
    process.kill(leaving.pid, 'SIGTERM')
    // It heard the signal: from then on it answers 503, or closes a connection that was kept.
    await until(async () => !(await fetch(leaving.url).catch(() => undefined))?.ok)
    // Control: one signal alone waits for the mail in hand.
    expect(() => process.kill(leaving.pid, 0)).not.toThrow()
    const again = performance.now()
    expect(await leaving.terminate(8_000)).toBe(true)
    expect(performance.now() - again).toBeLessThan(8_000)

    await stack.restartHost()
    await submit('later')
    await until(() => arrivals.includes('later'), answerMs + 120_000)
    expect(arrivals.filter((subject) => subject === 'first').length).toBeLessThanOrEqual(1)
  } finally {
    await stack.stop()
  }
}, 400_000)

test('REL-31: Ctrl-C twice ends npm start with all its processes, and the next start finds its state whole', async () => {
  const state = mkdtempSync(join(tmpdir(), 'second-signal-'))
  const port = String(12_000 + ((process.pid * 4 + 3) % 2_000) * 10)
  const start = async (signals: number): Promise<{ code: number | null; output: string }> => {
    const child = spawn(process.execPath, ['dist/local/main.js', '--port', port, '--state', state], { cwd: root })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
    await until(() => output.includes('Ctrl-C'), 180_000)
    child.kill('SIGINT')
    if (signals > 1) await until(() => output.includes('stopping'))
    for (let n = 1; n < signals; n++) child.kill('SIGINT')
    // Closed only when nobody holds its output any more: its own children have ended too.
    return { code: await ended, output }
  }
  const impatient = await start(2)
  expect(impatient.code).toBe(0)
  expect(impatient.output).not.toContain('the Functions host ended')
  const next = await start(1)
  expect(next).toMatchObject({ code: 0, output: expect.not.stringContaining('could not start') })
  rmSync(state, { recursive: true, force: true })
}, 400_000)
