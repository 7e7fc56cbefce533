/**
 * What the gateway relies on in every sender, whatever the protocol: the same cases against each mail server, first at
 * the port, then through the send flow. A new transport is done when this suite passes for it, and the rows about servers
 * that lie (sender-lies.ts).
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AllRefusedError, type Evidence, type OutgoingMail, type SendSession } from '../../../lib/ports/sender.js'
import { failure } from '../general/failure.js'
import { senderFlowContract } from './sender-flow-contract.js'
import type { SenderSubject } from './sender-subjects.js'

const ben = 'ben@contoso.example'
const kim = 'kim@example.com'

const mib = 1024 * 1024
/** Attachment sizes of M-036, mail by mail. */
export const attachmentSizes = [[1, 3 * mib - 1, 3 * mib], [25 * mib]]

export function senderContract(server: string, start: () => Promise<SenderSubject>, sizes = [[1, 100_000]]): void {
  describe(`sender contract: ${server}`, () => {
    let peer: SenderSubject
    let open: SendSession[] = []
    beforeEach(async () => {
      peer = await start()
    })
    afterEach(async () => {
      await Promise.all(open.map((session) => session.close()))
      open = []
      await peer.stop()
    })

    const mailOf = (change: Partial<OutgoingMail> = {}, body = 'Hello.\r\n'): OutgoingMail => ({
      mailId: 'm1',
      messageId: '<m1@gateway.example>',
      from: peer.from,
      recipients: [ben],
      raw: Buffer.from(
        `From: <${peer.from}>\r\nTo: <${ben}>\r\nSubject: Hi\r\nMessage-ID: <m1@gateway.example>\r\n\r\n${body}`,
        'latin1',
      ),
      ...change,
    })
    const session = async (): Promise<SendSession> => {
      const opened = await peer.sender.open(peer.target, peer.authority, new AbortController().signal)
      open.push(opened)
      return opened
    }
    const journal = () => {
      const notes: { evidence: Evidence; alreadyThere: number }[] = []
      const handingOver = async (evidence: Evidence) => {
        notes.push({ evidence, alreadyThere: peer.inbox(ben).length })
      }
      return { notes, handingOver }
    }

    test('REL-04: a receipt comes for what arrived, byte for byte, and the journal knew before', async () => {
      const body = `.\r\n..\r\n.dot\r\n trailing \t\r\n${'x'.repeat(990)}\r\n--b\r\nFrom here\r\n\xe4\xff\x80\r\n`
      const mail = mailOf({ recipients: [ben, kim] }, body)
      const { notes, handingOver } = journal()
      const receipt = await (await session()).send(mail, handingOver)
      expect(receipt).toMatchObject({ refused: [], reply: expect.stringMatching(/\S/) })
      expect(notes).toMatchObject([{ alreadyThere: 0 }])
      for (const address of [ben, kim]) {
        expect(peer.inbox(address)).toHaveLength(1)
        expect(peer.inbox(address)[0]!.equals(Buffer.from(mail.raw)), address).toBe(true)
      }
    })

    test('REL-04: a journal that cannot be written stops the mail', async () => {
      const sending = (await session()).send(mailOf(), () => Promise.reject(new Error('disk full')))
      await expect(sending).rejects.toThrow('disk full')
      expect(peer.inbox(ben)).toEqual([])
    })

    test('REL-06: who cannot be reached is named by the receipt or by a report, and the others have the mail', async () => {
      const some = mailOf({ recipients: [ben, peer.nobody] })
      const receipt = await (await session()).send(some, journal().handingOver)
      expect(peer.inbox(ben)).toHaveLength(1)
      const raw = Buffer.from(`From: <${peer.from}>\r\nTo: ${peer.nobody}\r\nSubject: Hi\r\n\r\nHello.\r\n`)
      const none = (await session()).send(mailOf({ recipients: [peer.nobody], raw }), journal().handingOver)
      if (peer.refusal === 'at-once') {
        expect(receipt.refused).toMatchObject([{ address: peer.nobody, transient: false }])
        const error = await failure(none)
        expect(error).toBeInstanceOf(AllRefusedError)
        expect(error).toMatchObject({ outcome: 'not-sent', class: 'permanent' })
      } else {
        expect(receipt.refused).toEqual([])
        await none
        const reports = peer.inbox(peer.from).map(String)
        expect(reports.filter((report) => report.includes(`Final-Recipient: rfc822;${peer.nobody}`))).toHaveLength(2)
      }
    })

    test('P-20: a sender that may not be used is for an administrator, and nothing left', async () => {
      peer.misbehave('not-send-as')
      const error = await failure((await session()).send(mailOf(), journal().handingOver))
      expect(error).toMatchObject({ outcome: 'not-sent', class: 'needs-admin', hint: 'sender' })
      expect(error.code).toMatch(/sendasdenied/i)
      expect(error.remedy).toMatch(/Send As/i)
      expect(peer.inbox(ben)).toEqual([])
    })

    test('P-29: a busy server is waited for, as long as it says', async () => {
      const first = await session()
      peer.misbehave('busy')
      const error = await failure(first.send(mailOf(), journal().handingOver))
      expect(error).toMatchObject({ outcome: 'not-sent', class: 'transient' })
      expect(error.retryAfterMs).toBe(peer.retryAfterMs)
      expect(peer.inbox(ben)).toEqual([])
      await (await session()).send(mailOf(), journal().handingOver)
      expect(peer.inbox(ben)).toHaveLength(1)
    })

    test('REL-04: a connection lost before the point of no return sent nothing', async () => {
      const first = await session()
      peer.misbehave('lost-before')
      const { notes, handingOver } = journal()
      expect(await failure(first.send(mailOf(), handingOver))).toMatchObject({
        outcome: peer.oneCall ? 'unknown' : 'not-sent',
        class: 'transient',
      })
      expect(notes).toEqual(peer.oneCall ? [{ evidence: {}, alreadyThere: 0 }] : [])
      expect(peer.inbox(ben)).toEqual([])
    })

    test('REL-03, P-05: a connection lost after it leaves the outcome unknown, and the look-up never lies', async () => {
      const first = await session()
      peer.misbehave('lost-after')
      const { notes, handingOver } = journal()
      const mail = mailOf()
      expect(await failure(first.send(mail, handingOver))).toMatchObject({ outcome: 'unknown', class: 'transient' })
      expect(peer.inbox(ben)).toHaveLength(1)
      const { evidence } = notes[0]!
      const { signal } = new AbortController()
      const { messageId } = mail
      const found = await peer.sender.lookUp?.(peer.target, peer.authority, { messageId, evidence, signal })
      expect(peer.oneCall ? ['unreadable'] : ['sent', undefined]).toContain(found)
    })

    senderFlowContract(() => peer, sizes)
  })
}
