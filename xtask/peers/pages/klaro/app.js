// klaro as its README has it: a configuration, then the notice. Three services, as its own demo groups them.
import * as klaro from 'klaro/dist/klaro-no-css.js';
import 'klaro/dist/klaro.min.css';

const config = {
  version: 1,
  elementID: 'klaro',
  storageMethod: 'cookie',
  lang: 'en',
  acceptAll: true,
  translations: {
    en: {
      privacyPolicyUrl: '/privacy',
      purposes: { analytics: 'Analytics', marketing: 'Marketing', livechat: 'Live chat' },
    },
  },
  services: [
    { name: 'matomo', title: 'Matomo', purposes: ['analytics'] },
    { name: 'adsense', title: 'Google AdSense', purposes: ['marketing'] },
    { name: 'intercom', title: 'Intercom', purposes: ['livechat'] },
  ],
};
klaro.setup(config);
