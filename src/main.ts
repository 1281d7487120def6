/** @file Boot: settings, then the shell. Nothing heavy is loaded before the first screen stands. Thread: page. */
import { mount } from 'svelte';
import App from './app/App.svelte';
import './ui/base.css';

const target = document.getElementById('app');
if (target === null) throw new Error('index.html has no #app');
mount(App, { target });
