// The administrator's screens as somebody uses them who sees no screen, or has no mouse, or a narrow one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ACCOUNT, DOCTOR1, choose, confirmHosts, logIn, page, site } from './clinic.mjs';

test('the mode is chosen, the app entered and checked with the keyboard alone', async () => {
  const admin = await logIn(site.admin);
  await page(admin, 'telemed-settings');
  await admin.focus('#telemed-mode-oauth');
  await admin.keyboard.press('ArrowRight');
  assert.equal(await focused(admin), 'telemed-mode-s2s');
  assert.equal(await admin.locator('#telemed-oauth').isVisible(), false, 'only the fields of the chosen mode');
  for (const [name, text] of Object.entries(ACCOUNT)) {
    await admin.keyboard.press('Tab');
    assert.equal(await focused(admin), `s2s_${name}`);
    await admin.keyboard.press('Control+A');
    await admin.keyboard.type(text);
  }
  await Promise.all([admin.waitForURL(/settings-updated/), admin.keyboard.press('Enter')]);
  await admin.focus('#telemed-check-button');
  await Promise.all([admin.waitForURL(/#telemed-check-result$/), admin.keyboard.press('Enter')]);
  // The result is where the reader is.
  await admin.waitForFunction(() => document.activeElement?.id === 'telemed-check-result');
  assert.equal(await admin.locator('#telemed-check-result').getAttribute('data-passed'), '1');
});

test('what is entered is checked and kept, and does not go without a question', async () => {
  const admin = await logIn(site.admin);
  await choose(admin, 's2s', ACCOUNT);
  await page(admin, 'telemed-settings');
  await admin.fill('#s2s_account_id', 'changed');
  const asked = admin.waitForEvent('dialog');
  await Promise.all([admin.waitForURL(/telemed-doctors/), page(admin, 'telemed-doctors')]);
  assert.equal((await asked).type(), 'beforeunload');
  await page(admin, 'telemed-settings');
  await admin.fill('#s2s_account_id', 'changed');
  await Promise.all([admin.waitForURL(/#telemed-check-result$/), admin.click('#telemed-check-button')]);
  assert.equal(await admin.locator('#telemed-check-result').getAttribute('data-passed'), '0');
  assert.equal(await admin.inputValue('#s2s_account_id'), 'changed');
  await admin.locator('#telemed-settings-form #submit').click();
  await admin.locator('#telemed-save-question').waitFor();
  await admin.click('.telemed-discard');
  await admin.locator('.telemed-flash').waitFor();
  assert.equal(await admin.inputValue('#s2s_account_id'), ACCOUNT.account_id);
});

test('what is wrong with a field is said beside it and to those who hear the page', async () => {
  const admin = await logIn(site.admin);
  await choose(admin, 's2s', ACCOUNT);
  await admin.fill('#s2s_client_id', 'no id at all');
  await admin.locator('#telemed-settings-form #submit').click();
  const field = admin.locator('#s2s_client_id[aria-invalid=true]');
  await field.waitFor();
  const told = (await field.getAttribute('aria-describedby')).split(' ');
  assert.match(await admin.locator(`#${told[0]}`).innerText(), /letters, digits/);
  assert.equal(await field.inputValue(), ACCOUNT.client_id, 'what was stored stays');
});

test('every control of the screens has a name, and no two buttons for different doctors the same', async () => {
  const admin = await logIn(site.admin);
  await choose(admin, 's2s', ACCOUNT);
  await confirmHosts(admin);
  for (const screen of ['telemed-settings', 'telemed-doctors']) {
    await page(admin, screen);
    const nameless = await admin.locator(`#${screen}`).evaluate((root) => [...root.querySelectorAll('input:not([type=hidden]), select, textarea, button')]
      .filter((control) => !(control.labels?.length || control.getAttribute('aria-label') || control.value || control.innerText.trim()))
      .map((control) => control.outerHTML));
    assert.deepEqual(nameless, [], screen);
  }
  const names = await admin.locator('.telemed-host-form button').allTextContents();
  assert.equal(new Set(names).size, names.length, names.join());
});

test('on a telephone nothing is cut off', async () => {
  const admin = await logIn(site.admin);
  await choose(admin, 's2s', ACCOUNT);
  await confirmHosts(admin);
  await admin.setViewportSize({ width: 390, height: 800 });
  for (const screen of ['telemed-settings', 'telemed-doctors']) {
    await page(admin, screen);
    const [wide, window] = await admin.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
    assert.ok(wide <= window, `${screen}: ${wide} wide in a window of ${window}`);
  }
  assert.ok(await admin.locator(`[data-host="${DOCTOR1}"]`).isVisible());
});

const focused = (tab) => tab.evaluate(() => document.activeElement?.id);
