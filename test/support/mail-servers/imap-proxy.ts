/**
 * A relay in front of a real IMAP server that records what passes and lets rules change the server's answers, so that
 * lies are laid over a real server's bytes. It speaks TLS to the server and plain text to the client.
 */
import { createServer, type Socket } from 'node:net'
import { connect } from 'node:tls'

export interface ServerAnswer {
  /** One answer, literals and final line end included, bytes as latin1. */
  text: string
  /** The line of the client's latest command. */
  command: string
}

/**
 * What the client gets instead: answers, none at all, the end of the connection, or so many bytes and then its end;
 * `undefined`: the rule says nothing.
 */
export type ProxyRule = (answer: ServerAnswer) => string[] | 'cut' | { cutAfter: number } | undefined

export interface ImapProxy {
  port: number
  /** What passed, newest last: the client's lines, and the server's answers as it gave them. */
  readonly record: { from: 'client' | 'server'; text: string }[]
  /** From now on for every connection; the first rule that says something decides. */
  lie(rule: ProxyRule): void
  behave(): void
  stop(): Promise<void>
}

export async function startImapProxy(target: { port: number; ca: string }): Promise<ImapProxy> {
  const record: ImapProxy['record'] = []
  const sockets = new Set<Socket>()
  let rules: ProxyRule[] = []

  const listener = createServer((client) => {
    const server = connect({ host: 'localhost', port: target.port, ca: target.ca })
    let command = ''
    const cut = () => {
      client.destroy()
      server.destroy()
    }
    for (const socket of [client, server]) {
      sockets.add(socket)
      socket.on('error', cut).on('close', () => {
        sockets.delete(socket)
        cut()
      })
    }
    client.on('data', (chunk: Buffer) => {
      const text = chunk.toString('latin1')
      for (const line of text.split('\r\n').filter((part) => part !== '')) {
        if (/^\w+ [A-Z]/i.test(line)) command = line
        record.push({ from: 'client', text: line })
      }
      server.write(chunk)
    })
    const answers = answerReader((text) => {
      record.push({ from: 'server', text })
      const changed = rules.map((rule) => rule({ text, command })).find((said) => said !== undefined)
      if (changed === 'cut') return cut()
      if (changed && 'cutAfter' in changed) {
        client.write(text.slice(0, changed.cutAfter), 'latin1', cut)
        return
      }
      for (const part of changed ?? [text]) if (client.writable) client.write(part, 'latin1')
    })
    server.on('data', (chunk: Buffer) => answers(chunk.toString('latin1')))
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  return {
    port: (listener.address() as { port: number }).port,
    record,
    lie: (rule) => {
      rules.push(rule)
    },
    behave: () => {
      rules = []
    },
    stop: () =>
      new Promise((resolve) => {
        listener.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

/** Cuts a stream into answers: a line, and where it announces a literal, the literal and the line that goes on behind it. */
function answerReader(onAnswer: (text: string) => void): (chunk: string) => void {
  let held = ''
  return (chunk) => {
    held += chunk
    for (let end = endOfAnswer(held); end > 0; end = endOfAnswer(held)) {
      onAnswer(held.slice(0, end))
      held = held.slice(end)
    }
  }
}

/** 0: it is not there yet. */
function endOfAnswer(text: string): number {
  for (let from = 0; ; ) {
    const end = text.indexOf('\r\n', from) + 2
    if (end === 1) return 0
    const literal = /\{(\d+)\}\r\n$/.exec(text.slice(Math.max(from, end - 20), end))
    if (!literal) return end
    from = end + Number(literal[1])
    if (text.length < from) return 0
  }
}
