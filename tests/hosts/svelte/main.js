import 'forget-me-not';
import { mount } from 'svelte';
import Family from './Family.svelte';

mount(Family, { target: document.querySelector('#app') });
