import { defineConfig } from 'vitest/config'

const project = (name: string, timeoutMs: number) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: timeoutMs,
    hookTimeout: 60_000,
    // Other processes work on what is waited for: one second, the default, passes on a busy machine before they are asked.
    ...(name === 'unit'
      ? {}
      : { globalSetup: ['test/support/azurite-setup.ts'], expect: { poll: { timeout: 10_000 } } }),
  },
})

export default defineConfig({
  test: {
    pool: 'forks',
    // Most tests wait for servers: two at once fill two cores.
    maxWorkers: 2,
    projects: [
      project('unit', 10_000),
      project('integration', 30_000),
      project('e2e', 60_000),
      ...(process.env['SOAK'] ? [project('soak', 600_000)] : []),
    ],
  },
})
