import 'forget-me-not';
import { createApp } from 'vue';
import Family from './Family.vue';

createApp(Family).mount('#app');
