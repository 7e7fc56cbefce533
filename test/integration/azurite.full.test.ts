import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { QueueServiceClient } from '@azure/storage-queue'
import { expect, inject, test } from 'vitest'
import { startAzurite } from '../../local/azurite.js'

test('the shared Azurite takes a queue message', async () => {
  const queue = QueueServiceClient.fromConnectionString(inject('azurite')).getQueueClient('azurite-probe')
  await queue.createIfNotExists()
  await queue.sendMessage('hello')
  const { receivedMessageItems } = await queue.receiveMessages()
  expect(receivedMessageItems.map((item) => item.messageText)).toEqual(['hello'])
})

test('an own Azurite is gone after stop', async () => {
  const azurite = await startAzurite()
  await azurite.stop()
  expect(() => process.kill(azurite.pid, 0)).toThrow(/ESRCH/)
})

test('a fixed port that is taken is reported with Azurite own words', async () => {
  const taken = Number(inject('azurite').match(/BlobEndpoint=http:\/\/127\.0\.0\.1:(\d+)/)![1])
  await expect(startAzurite({ ports: { blob: taken } })).rejects.toThrow(/EADDRINUSE/)
})

test('Azurite does not outlive a parent that was killed', async () => {
  const script = `import { startAzurite } from ${JSON.stringify(new URL('../../local/azurite.ts', import.meta.url).href)}
    const azurite = await startAzurite(); console.log(azurite.pid); setInterval(() => {}, 1000)`
  const esbuild = await import('esbuild')
  const built = await esbuild.build({
    stdin: { contents: script.replace('file://', ''), resolveDir: process.cwd(), loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
    define: { 'import.meta.url': JSON.stringify(import.meta.url) },
  })
  const parent = spawn(process.execPath, ['--input-type=module', '-e', built.outputFiles[0]!.text], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(parent.stdout, 'data')) as [Buffer]
  const pid = Number(line.toString())
  expect(process.kill(pid, 0)).toBe(true)
  parent.kill('SIGKILL')
  await expect.poll(() => isAlive(pid), { timeout: 30_000 }).toBe(false)
})

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
