import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'

const storage = { globalSetup: ['test/support/storage/azurite-setup.ts'] }
// Other processes work on what is waited for: one second, the default, passes on a busy machine before they are asked.
const patient = { expect: { poll: { timeout: 30_000 } } }

/** What takes long, wherever it stands: `npm run test:full`. */
const slow = 'test/**/*.full.test.ts'

const project = (name: string, timeoutMs: number, more: TestProjectInlineConfiguration['test']) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    exclude: [slow],
    testTimeout: timeoutMs,
    hookTimeout: 150_000,
    ...more,
  },
})

export default defineConfig({
  test: {
    pool: 'forks',
    // Most tests wait for servers: three at once fill two cores.
    maxWorkers: 3,
    projects: [
      // Nothing is judged by its time: a limit only ends what hangs, also on a machine that works on much else.
      // The scripts of package.json choose among these. Pure: files of one process share what they import, which is most of their time.
      project('unit', 60_000, { isolate: false }),
      project('integration', 90_000, { ...storage, ...patient }),
      project('e2e', 60_000, patient),
      project('full', 120_000, { ...storage, ...patient, include: [slow], exclude: [] }),
      project('soak', 600_000, { ...storage, ...patient }),
    ],
  },
})
