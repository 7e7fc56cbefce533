/** What the API answers about mail that arrived. Nothing that a sender wrote is to be believed. */
import * as z from 'zod'
import { count, exampleId, flag, id, listOf, nextPage, oneOf, orNull, tenantId, text, time } from './answer-fields.js'

const receivedFields = {
  id: id('Id of the received mail.'),
  tenant: tenantId,
  mailboxId: id('The mailbox it arrived in.', 'q7m2ztn4kc5xw3hdrjfvbeuags'),
  state: oneOf(
    ['stored', 'handed-over', 'quarantined'],
    'stored: kept, its event follows. handed-over: the event was emitted. quarantined: set aside with a reason.',
    'handed-over',
  ),
  eventId: id('Id of its event mail.received.', 'b5x2mq7zkc4wn3hdrjfvteuags'),
  receivedAt: time('When the mail server received it.'),
  from: orNull(
    text('From header as written in the mail, shortened; null when it has none.', 'Ben <ben@fabrikam.example>'),
  ),
  messageId: orNull(text('Message-ID header as the sender wrote it; null when it has none.', '<1@fabrikam.example>')),
  bytes: count('Size in bytes.', 2048),
  code: orNull(
    text('Stable code of why it was not imported or cannot be shown in full; null otherwise.', 'mail_too_complex'),
  ),
  description: orNull(text('The same in plain words; null otherwise.', 'The mail has too many parts.')),
  remedy: orNull(text('What to do about it; null otherwise.', 'Fetch its raw bytes.')),
  attempts: count('How many times the gateway tried to import it.', 1),
}

export const receivedMail = z.object(receivedFields).meta({ id: 'ReceivedMail', description: 'A mail that arrived.' })

export const receivedPage = z
  .object({
    mails: listOf(receivedMail, 'Newest first; with a state, in order of id.'),
    next: nextPage,
  })
  .meta({ id: 'ReceivedPage', description: 'One page of received mail.' })

const mailPerson = z
  .object({
    name: text('Display name; may be empty.', 'Ben'),
    address: text('Mail address as written there; empty where the header has only a name.', 'ben@fabrikam.example'),
  })
  .meta({ id: 'MailPerson', description: 'A person named in a header of a mail.' })

const attachment = z
  .object({
    index: count('Its position in the mail, for …/attachments/{index}.', 0),
    filename: orNull(text('Name the sender gave it; null when there is none. Never use it as a path.', 'invoice.pdf')),
    type: text('Media type the sender gave it.', 'application/pdf'),
    contentId: orNull(
      text(
        'Content-ID with which the HTML refers to it, in angle brackets; null when there is none.',
        '<logo@fabrikam>',
      ),
    ),
    inline: flag('It belongs in the text, such as a picture.', false),
    bytes: count('Size in bytes, decoded.', 20480),
  })
  .meta({ id: 'ReceivedAttachment', description: 'One attachment of a received mail.' })

const parsedMail = z
  .object({
    messageId: orNull(text('Message-ID header; null when it has none.', '<1@fabrikam.example>')),
    inReplyTo: orNull(text('In-Reply-To header; null when it has none.', `<${exampleId}@contoso.example>`)),
    references: orNull(
      text('References header as one string; null when it has none.', `<${exampleId}@contoso.example>`),
    ),
    date: orNull(
      text(
        'Date header as ISO 8601, or as the sender wrote it when it is no date; null when it has none.',
        '2026-01-31T08:00:00.000Z',
      ),
    ),
    subject: text('Subject, decoded; may be empty.', 'Re: Your order 4711'),
    from: listOf(
      mailPerson,
      'From header; if there are several, the people of all of them. The same applies to the next four fields.',
    ),
    sender: listOf(mailPerson, 'Sender header: who sent it on behalf of those in From.'),
    replyTo: listOf(mailPerson, 'Reply-To header.'),
    to: listOf(mailPerson, 'To header.'),
    cc: listOf(mailPerson, 'Cc header.'),
    automatic: flag(
      'An automatic reply would risk a loop: the mail is a report or an automatic reply, comes from a list or a mail system, or has no sender.',
      false,
    ),
    text: text('Plain text; made from the HTML when the mail has only that.', 'Thank you!'),
    html: text(
      'HTML as it arrived: unsafe, sanitise it before you show it; made from the text when the mail has only that.',
      '<p>Thank you!</p>',
    ),
    cut: flag('Text or HTML is truncated here; the raw mail has all of it.', false),
    attachments: listOf(attachment, 'Attachments, without their bytes.'),
  })
  .meta({ id: 'ParsedMail', description: 'A received mail, parsed. The sender controls all of its content.' })

const incomplete = z
  .object({
    code: text('Stable code: mail_too_complex, mail_unreadable or mail_not_kept.', 'mail_too_complex'),
    description: text(
      'Why part of the mail is missing here.',
      'The mail cannot be shown in parts: more than 1000 parts.',
    ),
    remedy: text('How to get the rest.', 'Fetch its raw bytes.'),
  })
  .meta({ id: 'IncompleteMail', description: 'What is missing from the mail, and how to get it.' })

export const receivedMailContent = z
  .object({
    ...receivedFields,
    parsed: parsedMail,
    incomplete: incomplete.nullable().meta({
      description:
        'Null when parsed contains the whole mail; otherwise parsed contains as much as possible, and this says why.',
    }),
  })
  .meta({ id: 'ReceivedMailContent', description: 'A received mail with its content.' })
