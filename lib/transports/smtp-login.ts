import type SMTPConnection from 'nodemailer/lib/smtp-connection'
import type { SMTPConnectionCustomAuthContext } from 'nodemailer/lib/smtp-connection'
import type { Secret } from '../secret.js'

// Under its own name nodemailer would prefer PLAIN, and give the token away as a password.
const tokenLogin = 'GATEWAY-XOAUTH2'

/**
 * Authenticates with what the server offers: PLAIN or LOGIN (or CRAM-MD5) for a password, XOAUTH2 for a token. Rejects
 * with nodemailer's error, which carries the reply.
 */
export async function login(
  connection: SMTPConnection,
  { kind, user, secret }: { kind: 'bearer' | 'password'; user: string; secret: Secret },
): Promise<void> {
  if (kind === 'bearer') connection.customAuth.set(tokenLogin, (dialogue) => xoauth2(dialogue, user, secret))
  const method = kind === 'bearer' ? { method: tokenLogin } : {}
  await new Promise<void>((done, failed) => {
    connection.login({ user, pass: secret.reveal(), ...method }, (error?: Error | null) =>
      error ? failed(error) : done(),
    )
  })
}

async function xoauth2(dialogue: SMTPConnectionCustomAuthContext, user: string, token: Secret): Promise<void> {
  const answer = Buffer.from(`user=${user}\x01auth=Bearer ${token.reveal()}\x01\x01`).toString('base64')
  let reply = await dialogue.sendCommand(`AUTH XOAUTH2 ${answer}`)
  // A challenge after the token is its refusal in JSON; the empty answer makes the server say it as a reply.
  if (reply.status === 334) reply = await dialogue.sendCommand('')
  if (reply.status !== 235) throw new Error('XOAUTH2 refused')
}
