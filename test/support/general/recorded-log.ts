import { jsonLog } from '../../../lib/log.js'

/** A log that keeps its lines, parsed. */
export function recordedLog() {
  const lines: { event: string; level: string; [field: string]: unknown }[] = []
  const sink = (line: string) => void lines.push(JSON.parse(line))
  const log = jsonLog({ info: sink, warn: sink, error: sink })
  return { log, lines, of: (event: string) => lines.filter((line) => line.event === event) }
}
