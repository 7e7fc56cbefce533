import { RowChangedError } from '../errors.js'

/** More than the workers and people who write one row at the same moment. */
const mostTries = 10

/**
 * Runs `step` (read, decide, write under the ETag) again while somebody else was quicker: whoever comes second decides
 * anew on what the first one left. Throws the last RowChangedError after ten tries.
 */
export async function changeRow<T>(step: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await step()
    } catch (error) {
      if (!(error instanceof RowChangedError) || tries === mostTries) throw error
    }
  }
}
