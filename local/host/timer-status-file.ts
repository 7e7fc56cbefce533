import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/** When a timer last ran and when it should run next, epoch milliseconds. */
export interface TimerStatus {
  last: number
  next: number
  lastUpdated: number
}

/** Statuses of all timers of a host. */
export interface TimerStatusFile {
  read(timerName: string): Promise<TimerStatus | undefined>
  write(timerName: string, status: TimerStatus): Promise<void>
}

/**
 * Keeps timer statuses in a small JSON file, or only in memory when there is no path. A damaged file counts as empty.
 */
export async function openTimerStatusFile(path: string | undefined): Promise<TimerStatusFile> {
  const statuses = new Map<string, TimerStatus>(Object.entries(path ? await readStatuses(path) : {}))
  let saving = Promise.resolve()
  const save = async (file: string) => {
    await mkdir(dirname(file), { recursive: true })
    // A crash in the middle must not leave half a file behind.
    await writeFile(`${file}.new`, JSON.stringify(Object.fromEntries(statuses), null, 2))
    await rename(`${file}.new`, file)
  }
  return {
    read: async (timerName) => statuses.get(timerName),
    write: (timerName, status) => {
      statuses.set(timerName, status)
      if (path) saving = saving.catch(() => {}).then(() => save(path))
      return saving
    },
  }
}

async function readStatuses(path: string): Promise<Record<string, TimerStatus>> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Record<string, TimerStatus>
  } catch {
    return {}
  }
}
