import { createApp, h, ref } from 'vue';
import { told } from '../told.js';
import Family from './Family.vue';

const api = document.querySelector('meta[name=api]').content;
const heard = ref('');
const onEvent = (event) => { heard.value += told(event); };

createApp(() => [
  h('h1', 'A page with Vue'),
  h('output', { id: 'heard' }, heard.value),
  h(Family, { api, onEvent }),
]).mount('#app');
