// vanilla-cookieconsent as its documentation begins: a box, a dialog with three categories, English.
import * as CookieConsent from 'vanilla-cookieconsent';
import 'vanilla-cookieconsent/dist/cookieconsent.css';

CookieConsent.run({
  // A browser that is driven counts as a bot, which would be shown nothing.
  hideFromBots: false,
  categories: { necessary: { enabled: true, readOnly: true }, analytics: {}, marketing: {} },
  language: {
    default: 'en',
    translations: {
      en: {
        consentModal: {
          title: 'We use cookies',
          description: 'Some of them are needed, the others help us. You choose.',
          acceptAllBtn: 'Accept all',
          acceptNecessaryBtn: 'Reject all',
          showPreferencesBtn: 'Manage individual preferences',
        },
        preferencesModal: {
          title: 'Manage cookie preferences',
          acceptAllBtn: 'Accept all',
          acceptNecessaryBtn: 'Reject all',
          savePreferencesBtn: 'Accept current selection',
          closeIconLabel: 'Close',
          sections: [
            { title: 'Somebody said … cookies?', description: 'I want one!' },
            { title: 'Strictly necessary cookies', description: 'Needed.', linkedCategory: 'necessary' },
            { title: 'Performance and analytics', description: 'Counted.', linkedCategory: 'analytics' },
            { title: 'Marketing', description: 'Sold.', linkedCategory: 'marketing' },
          ],
        },
      },
    },
  },
});
