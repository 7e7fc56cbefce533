/** Builds the fixtures that meet failing peers and runs them as processes of their own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { makeCertificates } from '../../../local/emulators/certificate.js'
import type { PeerFaultPlan } from '../../fixtures/peer-faults.js'

export interface FaultRun {
  exit: number | null
  /** The JSON lines it printed. */
  lines: Record<string, unknown>[]
  /** Everything it wrote. */
  text: string
}

export async function peerFaults() {
  const folder = await mkdtemp(join(tmpdir(), 'peer-faults-'))
  const { ca, key, cert } = await makeCertificates(undefined, ['mail.example.com'])
  await writeFile(join(folder, 'ca.pem'), ca)
  await build({
    entryPoints: ['peer-faults', 'uncaught-faults', 'uncaught-fuzz'].map((name) =>
      fileURLToPath(new URL(`../../fixtures/${name}.ts`, import.meta.url)),
    ),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  })
  const run = async (name: string, word: string): Promise<FaultRun> => {
    const env = { PATH: process.env['PATH'] ?? '', NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'), NODE_NO_WARNINGS: '1' }
    const child = spawn(process.execPath, [join(folder, `${name}.mjs`), word], { env })
    let text = ''
    let out = ''
    child.stdout.on('data', (bytes: Buffer) => {
      out += bytes.toString()
      text += bytes.toString()
    })
    child.stderr.on('data', (bytes: Buffer) => {
      text += bytes.toString()
    })
    const [exit] = (await once(child, 'close')) as [number | null]
    const lines = out
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    return { exit, lines, text }
  }
  return {
    tryAll: (plan: Pick<PeerFaultPlan, 'faults'>) => run('peer-faults', JSON.stringify({ ca, key, cert, ...plan })),
    uncaught: (name: string) => run('uncaught-faults', name),
    /** Its output is closed after the first line, as by a host that died; resolves with the exit code. */
    deafened: async () => {
      const child = spawn(process.execPath, [join(folder, 'uncaught-faults.mjs'), 'its output is read by nobody'], {
        timeout: 20_000,
        killSignal: 'SIGKILL',
      })
      await once(child.stdout, 'data')
      child.stdout.destroy()
      child.stderr.destroy()
      const [exit] = (await once(child, 'exit')) as [number | null]
      return exit
    },
    fuzz: (word: string) => run('uncaught-fuzz', word),
    stop: () => rm(folder, { recursive: true, force: true }),
  }
}
