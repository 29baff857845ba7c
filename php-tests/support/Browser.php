<?php

/**
 * One person at a browser: cookies, redirects, forms, and WordPress' REST routes with its nonce.
 *
 * ext-curl, so that it shares neither code nor connections with what is tested. Every address is taken as it is: redirects
 * lead to fake-zoom and back as they would lead to Zoom.
 */

declare(strict_types=1);

namespace Telemed\Tests;

final class Browser
{
    private const SECONDS = 60;
    private const REDIRECTS = 10;

    private readonly \CurlHandle $curl;
    private ?string $nonce = null;

    /** @param string $site the address beneath which those without a host lie */
    public function __construct(private readonly string $site)
    {
        $this->curl = curl_init();
    }

    /** @param array<string, string> $headers */
    public function get(string $url, bool $follow = true, array $headers = array()): Page
    {
        return $this->request('GET', $url, null, $headers, $follow);
    }

    /**
     * @param array<string, mixed> $fields
     * @param array<string, string> $headers
     */
    public function post(string $url, array $fields, bool $follow = true, array $headers = array()): Page
    {
        return $this->request('POST', $url, http_build_query($fields), $headers, $follow);
    }

    /**
     * Sends a form, changed as a person would change it.
     *
     * @param array<string, string|list<string>|null> $changes by field name; null takes the field out
     */
    public function submit(Form $form, array $changes = array(), bool $follow = true): Page
    {
        $pairs = array();
        foreach (array_merge($form->fields, $changes) as $name => $value) {
            foreach (null === $value ? array() : (array) $value as $one) {
                $pairs[] = rawurlencode((string) $name) . '=' . rawurlencode($one);
            }
        }
        $query = implode('&', $pairs);
        if ('GET' === $form->method) {
            return $this->get(strtok($form->action, '?') . '?' . $query, $follow);
        }
        return $this->request('POST', $form->action, $query, array(), $follow);
    }

    /** Logs in through wp-login.php; an exception when that fails. */
    public function login(string $login, #[\SensitiveParameter] string $password): self
    {
        $form = $this->get('/wp-login.php')->form('loginform');
        $page = $this->submit($form, array('log' => $login, 'pwd' => $password, 'redirect_to' => $this->site . '/wp-admin/'));
        if (200 !== $page->status || ! str_contains($page->url, '/wp-admin/')) {
            throw new \RuntimeException("{$login} could not log in: {$page->status} at {$page->url}: " . $page->text('login_error'));
        }
        $this->nonce = null;
        return $this;
    }

    /** A screen of wp-admin by the name of its page, such as telemed-settings. */
    public function screen(string $page): Page
    {
        return $this->get('/wp-admin/admin.php?page=' . rawurlencode($page));
    }

    /**
     * A REST request with the nonce of whoever is logged in.
     *
     * @param ?array<string, mixed> $body sent as JSON
     */
    public function rest(string $method, string $route, ?array $body = null, bool $withNonce = true): Page
    {
        $headers = array('Content-Type' => 'application/json');
        if ($withNonce) {
            $headers['X-WP-Nonce'] = $this->nonce ??= $this->restNonce();
        }
        return $this->request(
            $method,
            '/wp-json/' . ltrim($route, '/'),
            null === $body ? null : json_encode((object) $body, JSON_THROW_ON_ERROR),
            $headers,
            false
        );
    }

    /**
     * REST requests of several browsers at the same moment, each with its own connection.
     *
     * @param list<array{self, string, string, ?array<string, mixed>}> $requests browser, method, route, body
     * @return list<Page> in the same order
     */
    public static function together(array $requests): array
    {
        $all = curl_multi_init();
        $received = array();
        foreach ($requests as $number => [$browser, $method, $route, $body]) {
            $received[$number] = array();
            $headers = array('Content-Type' => 'application/json', 'X-WP-Nonce' => $browser->nonce ??= $browser->restNonce());
            $url = $browser->address('/wp-json/' . ltrim($route, '/'));
            $browser->prepare($method, $url, null === $body ? null : json_encode((object) $body, JSON_THROW_ON_ERROR), $headers, $received[$number]);
            curl_multi_add_handle($all, $browser->curl);
        }
        do {
            curl_multi_exec($all, $running);
            curl_multi_select($all, 1.0);
        } while ($running > 0);
        $pages = array();
        foreach ($requests as $number => [$browser, , $route]) {
            $pages[] = new Page($route, (int) curl_getinfo($browser->curl, CURLINFO_RESPONSE_CODE), $received[$number], (string) curl_multi_getcontent($browser->curl), array());
            curl_multi_remove_handle($all, $browser->curl);
        }
        return $pages;
    }

    /** The site may be one of several on its host, each under a path. */
    private function address(string $url): string
    {
        return str_starts_with($url, '/') ? $this->site . $url : Url::resolve($this->site . '/', $url);
    }

    /** @param array<string, string> $headers */
    public function request(string $method, string $url, ?string $body = null, array $headers = array(), bool $follow = true): Page
    {
        $redirects = array();
        $url = $this->address($url);
        while (true) {
            $page = $this->exchange($method, $url, $body, $headers, $redirects);
            $location = $page->header('location');
            if (! $follow || '' === $location || $page->status < 300 || $page->status > 399) {
                return $page;
            }
            $redirects[] = array('status' => $page->status, 'location' => $location);
            if (count($redirects) > self::REDIRECTS) {
                throw new \RuntimeException("Too many redirects, the last to {$location}");
            }
            $url = Url::resolve($url, $location);
            if (! in_array($page->status, array(307, 308), true)) {
                [$method, $body, $headers] = array('GET', null, array());
            }
        }
    }

    private function restNonce(): string
    {
        $page = $this->get('/wp-admin/admin-ajax.php?action=rest-nonce');
        if (200 !== $page->status || 1 !== preg_match('/^[0-9a-f]{10}$/', $page->body)) {
            throw new \RuntimeException('No REST nonce: nobody is logged in.');
        }
        return $page->body;
    }

    /**
     * @param array<string, string> $headers
     * @param list<array{status: int, location: string}> $redirects
     */
    private function exchange(string $method, string $url, ?string $body, array $headers, array $redirects): Page
    {
        $received = array();
        $this->prepare($method, $url, $body, $headers, $received);
        $text = curl_exec($this->curl);
        if (! is_string($text)) {
            throw new \RuntimeException("{$method} {$url} failed: " . curl_error($this->curl));
        }
        return new Page($url, (int) curl_getinfo($this->curl, CURLINFO_RESPONSE_CODE), $received, $text, $redirects);
    }

    /**
     * @param array<string, string> $headers
     * @param array<string, list<string>> $received filled with the answer's headers
     */
    private function prepare(string $method, string $url, ?string $body, array $headers, array &$received): void
    {
        $lines = array();
        foreach ($headers as $name => $value) {
            $lines[] = "{$name}: {$value}";
        }
        // The handle keeps its connections and cookies, everything else is said anew.
        curl_reset($this->curl);
        curl_setopt_array(
            $this->curl,
            array(
                CURLOPT_URL => (string) strtok($url, '#'),
                CURLOPT_CUSTOMREQUEST => $method,
                CURLOPT_NOBODY => 'HEAD' === $method,
                CURLOPT_HTTPHEADER => array_merge($lines, array('Expect:', 'Accept: ' . ($headers['Accept'] ?? 'text/html,*/*'))),
                CURLOPT_COOKIEFILE => '',
                CURLOPT_RETURNTRANSFER => true,
                CURLOPT_TIMEOUT => self::SECONDS,
                CURLOPT_PROXY => '',
                CURLOPT_HEADERFUNCTION => static function (\CurlHandle $curl, string $line) use (&$received): int {
                    if (str_starts_with($line, 'HTTP/')) {
                        $received = array();
                    } elseif (str_contains($line, ':')) {
                        [$name, $value] = explode(':', $line, 2);
                        $received[strtolower($name)][] = trim($value);
                    }
                    return strlen($line);
                },
            )
        );
        if (null !== $body) {
            curl_setopt($this->curl, CURLOPT_POSTFIELDS, $body);
        }
    }
}
