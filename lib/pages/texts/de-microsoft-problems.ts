import type { GermanWords } from './german-words.js'
import type { WordKey } from './words-of-code.js'

/** What Microsoft and the organisation behind it refuse. */
export const deMicrosoftProblems = {
  noMailbox: {
    heading: 'Dieses Konto hat kein Postfach',
    description: 'Das Konto ist angemeldet, hat aber bei Microsoft kein Postfach, das sich öffnen lässt.',
    remedy:
      'Ihre IT gibt dem Konto eine Exchange-Lizenz, oder Sie melden sich mit dem Konto an, dem das Postfach gehört.',
  },
  permissionsMissing: {
    heading: 'Es fehlen Berechtigungen',
    description: 'Das Konto ist angemeldet, aber nicht alle Berechtigungen wurden erteilt.',
    remedy: 'Melden Sie sich noch einmal an und erlauben Sie die ganze Liste, oder bitten Sie Ihre IT darum.',
  },
  notSetUpYet: {
    heading: 'Diese Art der Anmeldung ist noch nicht eingerichtet',
    description: 'Die Anmeldung bei diesem Anbieter ist für Ihre Organisation noch nicht eingerichtet.',
    remedy: 'Bitten Sie Ihre IT, eine App-Registrierung anzulegen, oder verbinden Sie das Postfach mit einem Passwort.',
  },
  noLastingAccess: {
    heading: 'Die Anmeldung war nicht vollständig',
    description:
      'Der Anbieter hat Sie einmal hereingelassen, aber keinen dauerhaften Zugriff auf das Postfach erlaubt.',
    remedy:
      'Zeigen Sie diese Seite denen, die die Anwendung betreiben: dauerhafter Zugriff (offline_access) muss erlaubt werden.',
  },
  declined: {
    heading: 'Sie haben den Zugriff nicht erlaubt',
    description:
      'Die Liste der Berechtigungen wurde auf der Anmeldeseite nicht angenommen, daher wurde nichts verbunden.',
    remedy: 'Wenn das ein Versehen war, versuchen Sie es noch einmal und wählen Sie „Akzeptieren“.',
  },
  turnedBack: {
    heading: 'Sie haben die Anmeldung abgebrochen',
    description: 'Sie sind auf der Anmeldeseite vorzeitig umgekehrt, daher wurde nichts verbunden.',
    remedy: 'Wenn Sie das Postfach noch verbinden möchten, versuchen Sie es mit demselben Link noch einmal.',
  },
  approval: {
    heading: 'Das muss Ihre IT genehmigen',
    description: 'In Ihrer Organisation darf niemand diese Art von Zugriff selbst erlauben.',
    remedy:
      'Schicken Sie den Link unten an die Administration Ihres Microsoft 365. Wenn die Anwendung genehmigt ist, öffnen Sie Ihren eigenen Link noch einmal.',
  },
  awaitsApproval: {
    heading: 'Das Lesen muss Ihre IT genehmigen',
    description: 'Das Senden geht ohne Genehmigung. Das Lesen beginnt von selbst, sobald Ihre IT es genehmigt hat.',
    remedy: 'Geben Sie den Link für Ihre IT weiter. Sie selbst müssen nicht wiederkommen.',
  },
  requested: {
    heading: 'Ihre Anfrage liegt bei Ihrer IT',
    description:
      'Sie haben Ihre Administration bei Microsoft gebeten, diese Anwendung zu genehmigen. Sie müssen jetzt nichts mehr tun und können diese Seite schließen.',
    remedy:
      'Microsoft schreibt Ihnen, wenn entschieden ist. Wurde genehmigt, öffnen Sie Ihren eigenen Link noch einmal; ist er bis dahin abgelaufen, lassen Sie sich einen neuen geben.',
  },
  notAssigned: {
    heading: 'Ihr Konto darf diese Anwendung nicht benutzen',
    description:
      'Ihre Organisation gibt diese Anwendung nur ausgewählten Personen frei, und Sie gehören noch nicht dazu.',
    remedy:
      'Bitten Sie Ihre IT, Ihnen die Anwendung zuzuweisen (Entra, Unternehmensanwendungen, Benutzer und Gruppen), und öffnen Sie dann Ihren Link noch einmal.',
  },
  blocked: {
    heading: 'Ihre Organisation hat diese Anmeldung gesperrt',
    description:
      'Eine Sicherheitsrichtlinie Ihrer Organisation erlaubt die Anmeldung bei dieser Anwendung von hier aus nicht.',
    remedy: 'Zeigen Sie diese Seite Ihrer IT: die Richtlinie für diese Anwendung muss geändert werden.',
  },
  secondFactor: {
    heading: 'Ein weiterer Nachweis ist nötig',
    description:
      'Ihre Organisation verlangt eine mehrstufige Anmeldung, etwa einen Code auf Ihrem Telefon, und der fehlte.',
    remedy: 'Versuchen Sie es noch einmal und führen Sie alle Schritte der Anmeldeseite zu Ende.',
  },
  busy: {
    heading: 'Der Anmeldedienst ist nicht erreichbar',
    description: 'Der Anbieter konnte gerade nicht antworten. Mit Ihrem Postfach und Ihrem Link ist alles in Ordnung.',
    remedy: 'Warten Sie eine Minute und versuchen Sie es noch einmal.',
  },
  setUp: {
    heading: 'Die Anmeldung ist nicht richtig eingerichtet',
    description:
      'Der Anbieter weist diese Anwendung ab. Es liegt nicht an Ihnen, und nur ihre Betreiber können es ändern.',
    remedy: 'Zeigen Sie diese Seite denen, die die Anwendung betreiben: die App-Registrierung muss berichtigt werden.',
  },
  notWholeYet: {
    heading: 'Die Anmeldung ist nicht vollständig eingerichtet',
    description:
      'Der Anwendung fehlen Angaben über Ihren Anbieter. Es liegt nicht an Ihnen, und nur ihre Betreiber können es ändern.',
    remedy:
      'Zeigen Sie diese Seite denen, die die Anwendung betreiben: die App-Registrierung muss vervollständigt werden.',
  },
  mixedUp: {
    heading: 'Zwei Anmeldungen sind durcheinandergeraten',
    description: 'Die Antwort gehört zu einer anderen Anmeldung als der, die in diesem Browser lief.',
    remedy: 'Schließen Sie andere Tabs dieser Seite und versuchen Sie es in einem einzigen Tab noch einmal.',
  },
  appSetUp: {
    heading: 'Die Anmeldung ist nicht richtig eingerichtet',
    description:
      'Der Anbieter weist diese Anwendung ab. Es liegt nicht an Ihnen, und nur ihre Betreiber können es ändern.',
    remedy: 'Zeigen Sie diese Seite denen, die die Anwendung betreiben: die App-Registrierung muss berichtigt werden.',
  },
  redirect: {
    heading: 'Die Anmeldung ist nicht richtig eingerichtet',
    description: 'Die Adresse, zu der Microsoft zurückkehren soll, ist für diese Anwendung nicht eingetragen.',
    remedy: ({ registration, redirectUri }) =>
      redirectUri
        ? `Zeigen Sie diese Seite denen, die die Anwendung betreiben: In der App-Registrierung „${registration}“, Plattform „Web“, fehlt genau diese Umleitungs-URI: ${redirectUri}`
        : 'Zeigen Sie diese Seite denen, die die Anwendung betreiben: In der App-Registrierung fehlt die Umleitungs-URI.',
  },
  wrongOrganisation: {
    heading: 'Dieses Konto gehört zu einer anderen Organisation',
    description: 'Das gewählte Konto gehört zu einer anderen Organisation oder ist in dieser nicht bekannt.',
    remedy: 'Öffnen Sie Ihren Link in einem privaten Fenster und wählen Sie das Konto des Postfachs.',
  },
  accountOff: {
    heading: 'Dieses Konto ist abgeschaltet oder gesperrt',
    description:
      'Das Konto wurde abgeschaltet, oder es ist nach falschen Passwörtern oder wegen Auffälligkeiten gesperrt.',
    remedy:
      'Bitten Sie Ihre IT oder Ihren Anbieter, das Konto freizugeben, und öffnen Sie dann Ihren Link noch einmal.',
  },
  notAtThisHour: {
    heading: 'Dieses Konto darf sich zu dieser Stunde nicht anmelden',
    description: 'Ihre Organisation erlaubt Anmeldungen dieses Kontos nur zu bestimmten Zeiten.',
    remedy: 'Öffnen Sie Ihren Link zu einer erlaubten Zeit noch einmal, oder sprechen Sie mit Ihrer IT.',
  },
  directoryAway: {
    heading: 'Das Verzeichnis Ihrer Organisation hat nicht geantwortet',
    description: 'Microsoft konnte das Konto nicht beim Verzeichnis Ihrer Organisation prüfen.',
    remedy: 'Versuchen Sie es in einigen Minuten noch einmal. Bleibt es so, zeigen Sie diese Seite Ihrer IT.',
  },
  passwordAtProvider: {
    heading: 'Das Passwort muss erst erneuert werden',
    description: 'Das Passwort dieses Kontos ist abgelaufen oder muss geändert werden.',
    remedy:
      'Melden Sie sich einmal bei Ihrem Anbieter an, erneuern Sie dort das Passwort und öffnen Sie dann Ihren Link noch einmal.',
  },
  signInAgain: {
    heading: 'Bitte melden Sie sich noch einmal an',
    description: 'Die Anmeldung wurde unterbrochen oder gilt nicht mehr.',
    remedy: 'Öffnen Sie Ihren Link noch einmal und führen Sie alle Schritte der Anmeldeseite zu Ende.',
  },
  appOff: {
    heading: 'Die Anwendung ist in Ihrer Organisation abgeschaltet',
    description: 'Ihre Organisation hat diese Anwendung bei Microsoft abgeschaltet.',
    remedy: 'Bitten Sie Ihre IT, die Anwendung in Entra unter „Unternehmensanwendungen“ wieder zuzulassen.',
  },
  noMailService: {
    heading: 'Ihre Organisation hat keine Mail bei Microsoft',
    description: 'In dieser Organisation gibt es den Maildienst von Microsoft nicht, oder er ist abgeschaltet.',
    remedy: 'Fragen Sie Ihre IT, wo das Postfach liegt und ob Exchange Online dafür lizenziert ist.',
  },
  noSuchMailbox: {
    heading: 'Dieses Postfach gibt es nicht',
    description: 'Microsoft kennt unter dieser Adresse kein Postfach, das sich öffnen lässt.',
    remedy: 'Prüfen Sie die Adresse. Stimmt sie, fragen Sie Ihre IT, ob das Postfach eine Exchange-Lizenz hat.',
  },
  accessDenied: {
    heading: 'Das Recht, dieses Postfach zu öffnen, fehlt',
    description: 'Die Anmeldung hat geklappt, aber dem Konto oder der Anwendung fehlt ein Recht für dieses Postfach.',
    remedy:
      'Ihre IT prüft, ob die Adresse zu diesem Konto gehört, ob es Vollzugriff und „Senden als“ hat und ob die Anwendung das Postfach öffnen darf.',
  },
} as const satisfies Partial<Record<WordKey, GermanWords>>
