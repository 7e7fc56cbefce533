import { providerFacts, signInPages } from '../../model/providers.js'
import type { GermanWords } from './german-words.js'
import type { WordKey } from './words-of-code.js'

const ways: Record<string, string> = {
  ...Object.fromEntries(signInPages.map((page) => [page, `eine Anmeldung bei ${providerFacts[page].label}`])),
  password: 'Benutzername und Passwort',
  'admin-consent': 'die Genehmigung durch eine Administration',
}

/** About the link, its pages and who signed in. */
export const deLinkProblems = {
  linkUnknown: {
    heading: 'Dieser Link funktioniert nicht',
    description:
      'Er ist nicht vollständig, oder er ist seit einer Weile beendet: benutzt, abgebrochen oder abgelaufen.',
    remedy: 'Prüfen Sie, ob Sie den ganzen Link kopiert haben, oder lassen Sie sich einen neuen geben.',
  },
  linkExpired: {
    heading: 'Dieser Link ist abgelaufen',
    description: 'Die Zeit für diesen Link ist vorbei.',
    remedy: 'Bitten Sie die Person oder Anwendung, von der Sie ihn haben, um einen neuen.',
  },
  linkUsed: {
    heading: 'Dieser Link wurde schon benutzt',
    description: 'Mit diesem Link wurde bereits eine Anmeldung abgeschlossen, vielleicht in einem anderen Browser.',
    remedy:
      'Hier ist nichts mehr zu tun. Wenn das Postfach nicht verbunden ist, lassen Sie sich einen neuen Link geben.',
  },
  running: {
    heading: 'Einen Moment bitte',
    description: 'Sie haben sich gerade angemeldet, und das Postfach wird geprüft. Das dauert einige Sekunden.',
    remedy: 'Warten Sie etwas und sehen Sie dann noch einmal nach.',
  },
  notSignedIn: {
    heading: 'Noch nicht angemeldet',
    description: 'Mit diesem Link hat sich bisher niemand angemeldet.',
    remedy: 'Öffnen Sie den Link noch einmal und melden Sie sich an.',
  },
  cancelled: {
    heading: 'Diese Anmeldung wurde abgebrochen',
    description: 'Auf der Seite dieses Links hat jemand „Abbrechen“ gewählt, daher funktioniert er nicht mehr.',
    remedy: 'Wenn Sie das Postfach doch verbinden möchten, lassen Sie sich einen neuen Link geben.',
  },
  rejected: {
    heading: 'Diese Anmeldung wurde abgelehnt',
    description:
      'Eine Administratorin oder ein Administrator hat diese Anmeldung abgelehnt. Es wurde nichts verbunden und nichts aufbewahrt.',
    remedy: 'Wenn Sie das für ein Versehen halten, sprechen Sie mit den Menschen, von denen Sie den Link haben.',
  },
  tookTooLong: {
    heading: 'Das hat etwas zu lange gedauert',
    description: 'Die Anmeldung hat zu lange gedauert.',
    remedy: 'Beginnen Sie noch einmal; ab dem Weitergehen haben Sie zehn Minuten.',
  },
  lostTrack: {
    heading: 'Ihre Anmeldung ließ sich nicht zuordnen',
    description: 'Diese Antwort passt zu keiner Anmeldung, die Sie in diesem Browser begonnen haben.',
    remedy: 'Beginnen Sie noch einmal mit Ihrem Link, in einem einzigen Browser und mit erlaubten Cookies.',
  },
  otherTab: {
    heading: 'Sie haben in einem anderen Tab weitergemacht',
    description: 'Sie haben in einem anderen Tab dieses Browsers neu begonnen, daher zählt dieser nicht mehr.',
    remedy: 'Machen Sie im anderen Tab weiter, oder beginnen Sie noch einmal mit Ihrem Link.',
  },
  pageOutOfDate: {
    heading: 'Diese Seite ist veraltet',
    description: 'Diese Seite wurde in einem anderen Browser geöffnet oder ist veraltet.',
    remedy: 'Öffnen Sie den Link noch einmal und machen Sie dort weiter, mit erlaubten Cookies.',
  },
  tooManyAttempts: {
    heading: 'Zu viele falsche Passwörter',
    description: 'Mit diesem Link wurden zu viele falsche Passwörter versucht.',
    remedy: 'Lassen Sie sich einen neuen Link geben.',
  },
  guestAccount: {
    heading: 'Sie sind Gast in dieser Organisation',
    description: ({ signedIn }) =>
      `${signedIn || 'Dieses Konto'} ist Gast in dieser Organisation. Das Postfach eines Gastes ist in dessen eigener Organisation.`,
    remedy:
      'Bitten Sie die, von denen Sie den Link haben, um einen für Ihre eigene Organisation, oder melden Sie sich mit einem Konto dieser Organisation an.',
  },
  workAccountNeeded: {
    heading: 'Das war ein privates Konto',
    description: ({ signedIn, expected }) =>
      `${signedIn || 'Dieses Konto'} ist ein privates Konto. Ein freigegebenes Postfach wie ${expected || 'dieses'} lässt sich nur mit einem Geschäfts- oder Schulkonto öffnen.`,
    remedy: 'Melden Sie sich noch einmal an, mit dem Geschäfts- oder Schulkonto, für das das Postfach freigegeben ist.',
  },
  otherAccount: {
    heading: 'Das war ein anderes Konto',
    description: ({ signedIn, expected, typed }) =>
      typed
        ? `Sie haben den Benutzernamen ${typed} angegeben, dieses Postfach war aber als ${expected} verbunden.`
        : expected
          ? `Sie haben sich ${signedIn ? `als ${signedIn}` : 'mit einem Konto ohne Namen'} angemeldet, dieser Link ist aber für ${expected}.`
          : 'Sie haben sich mit einem anderen Konto angemeldet, als dieser Link verlangt.',
    remedy: ({ expected, typed }) =>
      typed
        ? `Verwenden Sie den Benutzernamen ${expected}, oder bitten Sie Ihre IT, das Postfach ganz neu zu verbinden.`
        : `Melden Sie sich noch einmal an und wählen Sie das Konto${expected ? ` ${expected}` : ' von vorher'}. Es wurde nichts verbunden und nichts aufbewahrt.`,
  },
  noAccess: {
    heading: 'Dieses Konto kann das Postfach nicht öffnen',
    description: ({ signedIn = '', address = '' }) =>
      `${signedIn} hat sich angemeldet, darf ${address} aber nicht öffnen. Es wurde nichts verbunden und nichts aufbewahrt.`,
    remedy: ({ address = '' }) =>
      `Ihre IT gibt diesem Konto im Exchange Admin Center Vollzugriff und „Senden als“ für ${address}; bis das wirkt, kann eine Stunde vergehen. Öffnen Sie dann Ihren Link noch einmal.`,
  },
  alreadyConnected: {
    heading: 'Dieses Postfach ist schon verbunden',
    description: 'Es wurde mit einem anderen Link verbunden und bleibt, wie es ist.',
    remedy:
      'Es ist nichts mehr zu tun. Wenn seine Mail nicht ankommt oder hinausgeht, lassen Sie sich von denen, von denen Sie diesen Link haben, einen zum erneuten Verbinden geben.',
  },
  heldElsewhere: {
    heading: 'Dieses Postfach ist anderswo verbunden',
    description: 'Die Adresse gehört schon zu einer anderen Verbindung, daher wurde hier nichts verbunden.',
    remedy: 'Sagen Sie es denen, von denen Sie den Link haben: Die andere Verbindung muss zuerst entfernt werden.',
  },
  nameTaken: {
    heading: 'Der Name dieses Postfachs ist vergeben',
    description:
      'Ein anderes Postfach hat diesen Namen bekommen, nachdem Ihr Link erstellt wurde. Es wurde nichts verbunden.',
    remedy: 'Bitten Sie die Personen, von denen Sie den Link haben, um einen neuen.',
  },
  otherWay: {
    heading: 'So lässt sich dieser Link nicht benutzen',
    description: ({ way }) =>
      way
        ? `Dieser Link nimmt nur ${ways[way] ?? 'den Weg, den seine Seite zeigt'} an.`
        : 'Wofür dieser Link gemacht wurde, gibt es nicht mehr.',
    remedy: ({ way, tenant }) =>
      way
        ? `Öffnen Sie den Link noch einmal und benutzen Sie, was seine Seite anbietet. Soll der Anbieter gewechselt werden, bitten Sie die Administration von ${tenant} um einen Link, der das erlaubt.`
        : `Bitten Sie ${tenant} um einen neuen Link.`,
  },
  serversOfBefore: {
    heading: 'Das sind andere Mailserver als bisher',
    description:
      'Dieser Link erneuert das Passwort an den bisherigen Mailservern; andere erlaubt er nicht. Es wurde nichts geändert.',
    remedy: ({ tenant }) =>
      `Geben Sie die bisherigen Server an. Ist das Postfach umgezogen, bitten Sie die Administration von ${tenant} um einen Link, der andere Server erlaubt.`,
  },
  notProven: {
    heading: 'Die Adresse ist nicht nachgewiesen',
    description:
      'Die Anmeldung hat geklappt, aber die Organisation dieses Kontos weist nicht nach, dass ihm diese Adresse gehört.',
    remedy: 'Ob es das richtige Postfach ist, entscheidet die Administration; bis dahin ist nichts verbunden.',
  },
  consentNotShown: {
    heading: 'Ihre Organisation hat es noch nicht erlaubt',
    description: ({ signedIn }) =>
      signedIn
        ? `${signedIn} hat sich angemeldet, darf die Anwendung aber nicht für eine ganze Organisation erlauben.`
        : 'Sie haben sich angemeldet, aber Ihre Organisation hat die Anwendung nicht erlaubt.',
    remedy:
      'Lassen Sie jemanden mit Administratorrechten in Ihrer Organisation (Globale, Anwendungs- oder Cloudanwendungsadministration) den Link öffnen, annehmen, was Microsoft fragt, und sich anmelden.',
  },
  otherOrganisation: {
    heading: 'Das war eine andere Organisation',
    description: ({ expected }) =>
      `Das Konto gehört zu einer anderen Organisation als der, für die dieser Link ist${expected ? ` (${expected})` : ''}.`,
    remedy: 'Lassen Sie die Administration jener Organisation den Link öffnen.',
  },
  badInput: {
    heading: 'Das Formular war nicht vollständig',
    description: 'Eine Angabe fehlt oder passt nicht, daher wurde nichts gesendet.',
    remedy: 'Öffnen Sie den Link noch einmal und füllen Sie das Formular dort aus.',
  },
  ourFault: {
    heading: 'Bei uns ist etwas schiefgegangen',
    description:
      'Es lag nicht an Ihnen. Wer diesen Dienst betreibt, kann mit der Vorgangsnummer unten mehr herausfinden.',
    remedy: 'Versuchen Sie es gleich noch einmal. Wenn es wieder geschieht, schicken Sie die Vorgangsnummer.',
  },
} as const satisfies Partial<Record<WordKey, GermanWords>>
