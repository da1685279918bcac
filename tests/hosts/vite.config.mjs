import { svelte } from '@sveltejs/vite-plugin-svelte';
import react from '@vitejs/plugin-react';
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

// The frameworks' own plugins, as their starters set them up; nothing for the element but what tells
// Vue's compiler that the tag is none of its components.
const isCustomElement = (tag) => tag === 'forget-me-not';
const plugins = {
  react: () => react(),
  vue: () => vue({ template: { compilerOptions: { isCustomElement } } }),
  svelte: () => svelte({ configFile: false }),
};

export default defineConfig(({ mode }) => ({ plugins: [plugins[mode]()], logLevel: 'warn' }));
