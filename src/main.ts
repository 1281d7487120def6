/** @file Boot: settings, then the shell. Nothing heavy is loaded before the first screen stands. Thread: page. */
import { mount } from 'svelte';
import App from './app/App.svelte';
import { nextTurn } from './core/next-turn.ts';
import './ui/base.css';

const target = document.getElementById('app');
if (target === null) throw new Error('index.html has no #app');
// Reading the modules is one piece of work, drawing the shell another: together they are a task that is felt.
void nextTurn().then(() => mount(App, { target }));
