import type { TestProject } from 'vitest/node'
import { startAzurite } from '../../../local/azurite.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** Connection string of the Azurite shared by all tests of the project: give your tables and queues own names. */
    azurite: string
  }
}

/** Global setup of the projects that need storage: one Azurite for all their test files. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const azurite = await startAzurite()
  project.provide('azurite', azurite.connectionString)
  return () => azurite.stop()
}
