/** The other side of the benches as processes of their own, so that their CPU time is nobody's. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export type PeerName = 'sink' | 'imap-peer' | 'entra-peer' | 'memory-poller'

/** Asks one at a time; the answer is the next message. */
export interface Peer<Hello> {
  hello: Hello
  ask<T>(question: object): Promise<T>
  stop(): void
}

export async function startPeer<Hello>(name: PeerName, ...words: string[]): Promise<Peer<Hello>> {
  const child: ChildProcess = fork(fileURLToPath(new URL(`${name}.js`, import.meta.url)), words)
  const [hello] = (await once(child, 'message')) as [Hello]
  return {
    hello,
    async ask<T>(question: object) {
      child.send(question)
      const [answer] = (await once(child, 'message')) as [T]
      return answer
    },
    stop: () => child.disconnect(),
  }
}

/** CPU milliseconds another process has used so far, its threads included. Linux counts in ticks of 10 ms. */
export function cpuMsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10
}
