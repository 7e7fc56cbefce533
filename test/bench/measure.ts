/** Wall time and CPU time of this process, both in milliseconds. */
export interface Sample {
  ms: number
  cpuMs: number
}

export interface Figure {
  median: number
  min: number
  max: number
}

/** One measured comparison; every figure is in `unit`. */
export interface BenchRow {
  id: string
  workload: string
  reference: string
  unit: string
  subject: Figure
  /** Absent: compared with nothing. */
  baseline?: Figure
  target: string
  verdict: string
  /** What the figures mean and leave out. */
  note: string
  /** Everything else that was measured, by name. */
  more: Record<string, number>
}

export async function timed(work: () => Promise<unknown>): Promise<Sample> {
  const cpu = process.cpuUsage()
  const started = performance.now()
  await work()
  const ms = performance.now() - started
  const { user, system } = process.cpuUsage(cpu)
  return { ms, cpuMs: (user + system) / 1000 }
}

export function figure(values: number[]): Figure {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const at = (index: number): number => sorted[index] ?? Number.NaN
  const median = sorted.length % 2 === 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2
  return { median, min: at(0), max: at(sorted.length - 1) }
}

/** A B A B …, `rounds` of each; a round of each before them warms up and is discarded. */
export async function interleave<T>(
  rounds: number,
  subject: () => Promise<T>,
  baseline: () => Promise<T>,
): Promise<{ subject: T[]; baseline: T[] }> {
  const results: { subject: T[]; baseline: T[] } = { subject: [], baseline: [] }
  for (let round = -1; round < rounds; round += 1) {
    const a = await subject()
    const b = await baseline()
    if (round < 0) continue
    results.subject.push(a)
    results.baseline.push(b)
  }
  return results
}

/** `share` of the sorted values lie below it. */
export function percentile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** Works through `count` items, at most `atOnce` at a time. */
export async function each(count: number, atOnce: number, work: (n: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) {
      const n = next
      next += 1
      await work(n)
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, worker))
}

export const rounded = (value: number): number => Number(value.toPrecision(3))
