#include "ingesta/demo/texts.h"

#include <algorithm>

namespace ingesta::demo {
namespace {

std::vector<Texts::Categoria> MakeCategorias() {
  return {
      {1, "Electrónica", "Aparatos con enchufe o pila."},
      {2, "Ropa", "Prendas de vestir para todas las edades."},
      {3, "Alimentos", "Comida seca, fresca y en conserva."},
      {4, "Bebidas", "Agua, zumos, refrescos; también café."},
      {5, "Hogar", "Lo que una casa pide cada día."},
      {6, "Deportes", "Material para moverse más."},
      {7, "Juguetes", "Desde tres años en adelante."},
      {8, "Libros", "Papel y tinta."},
      {9, "Belleza", "Cuidado de la piel y del cabello."},
      {10, "Salud", "Sin receta."},
      {11, "Automotriz", "Recambios y accesorios."},
      {12, "Mascotas", "Pienso, correas y camas."},
      {13, "Jardinería", "Semillas, tierra y herramientas."},
      {14, "Oficina", "Papelería y mobiliario."},
      {15, "Música", "Instrumentos y partituras."},
      {21, "Hogar, Cocina y \"Baño\"", "con coma y \"comillas\""},
      {22, "Niños & Bebés", nullptr},
      {23, "  Ofertas  ", ""},
      {24, "日本食品 🍣", "categoría con emoji 🍣\nsegunda línea"},
      {25, "Vacía (sin productos)", "ningún producto"},
      {26, "Año nuevo\ty fiestas", "tabulador en el nombre"},
      {27, "Ferretería 'El Clavo'", "línea uno\r\nlínea dos"},
  };
}

Words Sorted(Words words) {
  std::sort(words.begin(), words.end(), [](const Piece& a, const Piece& b) { return a.utf8 < b.utf8; });
  return words;
}

void FillProducts(Texts* t) {
  t->product_nouns = {"Lámpara",    "Mesa",     "Silla",      "Taladro",    "Cafetera",  "Mochila",
                      "Teclado",    "Monitor",  "Sartén",     "Bicicleta",  "Guitarra",  "Cuaderno",
                      "Linterna",   "Almohada", "Termómetro", "Ventilador", "Espejo",    "Maceta",
                      "Balón",      "Reloj",    "Impresora",  "Altavoz",    "Cámara",    "Destornillador",
                      "Estantería", "Manguera", "Paraguas",   "Batidora",   "Tostadora", "Alfombra",
                      "Botella",    "Cojín"};
  t->product_adjectives = {"plegable",    "ligera",   "compacta",    "inalámbrica", "reforzada", "ajustable",
                           "silenciosa",  "portátil", "clásica",     "ecológica",   "digital",   "manual",
                           "profesional", "infantil", "impermeable", "magnética",   "térmica",   "recargable",
                           "universal",   "modular",  "resistente",  "automática",  "doméstica", "robusta"};
  t->product_extras = {"de aluminio",
                       "de roble",
                       "de acero",
                       "de bambú",
                       "con funda",
                       "con soporte",
                       "para viaje",
                       "para taller",
                       "de diseño",
                       "serie A",
                       "serie B",
                       "edición limitada",
                       "de segunda generación",
                       "con mando",
                       "para exterior",
                       "talla única"};
  t->odd_names = {"\"",
                  "'",
                  ",",
                  "",
                  "  con espacios  ",
                  "Cable USB-C, 2 m, \"trenzado\"",
                  "Tornillo 3/4\" (caja de 100)",
                  "línea uno\nlínea dos",
                  "抹茶ラテの素 500g",
                  "Taza 😀👩‍🚀 «órbita»",
                  "=HYPERLINK(\"http://ejemplo.test\")",
                  "C:\\temp\\nuevo",
                  "null",
                  "Ñandú & Cía; S.A.",
                  "<b>oferta</b>",
                  "tab\taquí"};
}

void FillSentences(Texts* t) {
  t->sentences = {"Pensado para durar muchos años.",
                  "Se monta en diez minutos y sin herramientas.",
                  "El fabricante ofrece dos años de garantía.",
                  "Apto para interior y exterior.",
                  "Cabe en cualquier cajón.",
                  "Consume menos que el modelo anterior.",
                  "La superficie se limpia con un paño húmedo.",
                  "Incluye pilas.",
                  "No incluye pilas.",
                  "Disponible en cuatro colores.",
                  "Recomendado a partir de ocho años.",
                  "Fabricado con materiales reciclados.",
                  "El embalaje se puede devolver en la tienda.",
                  "Peso aproximado: dos kilos.",
                  "Probado en condiciones de frío intenso.",
                  "Hace juego con el resto de la colección.",
                  "Su tamaño permite guardarlo en vertical.",
                  "La segunda unidad sale a mitad de precio.",
                  "Conviene leer las instrucciones antes del primer uso.",
                  "Los recambios se venden por separado.",
                  "Un clásico que no pasa de moda.",
                  "Ideal como regalo.",
                  "Ocupa poco y rinde mucho.",
                  "El acabado mate evita los reflejos.",
                  "Se entrega desmontado.",
                  "Compatible con la mayoría de los soportes.",
                  "La base antideslizante no raya el suelo.",
                  "Mejor que el café de las ocho.",
                  "Hecho a mano por artesanos.",
                  "Resiste golpes y salpicaduras.",
                  "Con certificado de origen.",
                  "Última unidad en almacén."};
  t->odd_sentences = {"Dice: \"el mejor\", según la caja",
                      "uno, dos, tres; 'cuatro'",
                      "primera línea\nsegunda línea\n\ncuarta línea",
                      "línea de Windows\r\ny otra",
                      "columna\tcolumna\tcolumna",
                      "製品説明：軽くて丈夫です。",
                      "emoji al final 🎸🔥",
                      "barra invertida \\ y comillas \\\"",
                      "+34 900 000 000",
                      "@cuenta",
                      "-1",
                      "\"\"",
                      "termina en coma,",
                      "señal \x01 de control"};
}

void FillCompanies(Texts* t) {
  t->company_heads =
      Sorted({"Aceros",     "Agrícola",  "Almacenes",      "Artesanía",    "Bodegas",     "Cerámicas",
              "Comercial",  "Conservas", "Distribuciones", "Editorial",    "Electrónica", "Farmacéutica",
              "Ferretería", "Fundición", "Gráficas",       "Herramientas", "Hilados",     "Importaciones",
              "Industrias", "Joyería",   "Laboratorios",   "Lácteos",      "Maderas",     "Manufacturas",
              "Minería",    "Muebles",   "Óptica",         "Papelera",     "Pinturas",    "Plásticos",
              "Química",    "Servicios", "Suministros",    "Talleres",     "Tejidos",     "Transportes",
              "Vidrios",    "Viveros",   "Zapatería",      "日本商事"});
  t->company_places =
      Sorted({"Alcázar",  "Barranco",   "Benítez",   "Cabrera",       "Candelaria", "Del Norte", "Del Sur",
              "Escudero", "Figueras",   "Guadiana",  "Hnos. Peña",    "Ibérica",    "Jiménez",   "La Mancha",
              "Levante",  "Los Robles", "Montaña",   "Nuñez y Ortiz", "Oliveras",   "Pirineo",   "Quiroga",
              "Ribera",   "San Millán", "Tres Ríos", "Ulloa",         "Vega Baja",  "Ximénez",   "Zamora"});
  t->company_forms = Sorted({"S.A.", "S.A.U.", "S.C.P.", "S.L.", "S.L.L.", "S.L.N.E."});
  t->jobs = {"Gerente de ventas",
             "Jefa de compras",
             "Contable",
             "Responsable de logística",
             "Directora general",
             "Técnico de calidad",
             "Administrativo, turno de tarde",
             "Socio \"fundador\""};
}

void FillPeople(Texts* t) {
  t->first_names = {"Ana",     "Beatriz", "Carlos",     "Dolores",     "Elías",     "Fátima",
                    "Gonzalo", "Héctor",  "Inés",       "Joaquín",     "Karina",    "Lucía",
                    "Martín",  "Noelia",  "Óscar",      "Pilar",       "Quique",    "Rocío",
                    "Saúl",    "Teresa",  "Ulises",     "Verónica",    "Wenceslao", "Ximena",
                    "Yolanda", "Zoe",     "María José", "Juan Andrés", "美咲",      "Иван"};
  t->surnames = {"Abad",   "Benítez", "Cañizares", "Díaz",    "Escribano", "Fuentes",   "Gómez",  "Hernández",
                 "Ibáñez", "Jurado",  "Lozano",    "Muñoz",   "Nieto",     "O'Higgins", "Peña",   "Quintana",
                 "Rincón", "Sáez",    "Tejada",    "Urrutia", "Vázquez",   "Yáñez",     "Zúñiga", "del Río"};
  t->streets = {"Calle Mayor",  "Avenida de la Paz", "Paseo del Río",    "Plaza de España",
                "Ronda Norte",  "Camino Viejo",      "Rambla Alta",      "Calle del Ángel",
                "Travesía Sur", "Vía Láctea",        "Glorieta de Goya", "Cuesta de San Juan"};
  t->cities = {"Ávila", "Burgos", "Cádiz",  "Cuenca", "Gijón",   "Huesca", "Jaén",   "La Coruña",
               "León",  "Lugo",   "Málaga", "Murcia", "Ourense", "Soria",  "Teruel", "São Paulo"};
  t->provinces = {"Almería", "Asturias", "Cantabria", "Castellón", "Córdoba", "Gerona", "Lérida", "Navarra"};
  t->countries = {"España", "Perú",     "México", "Chile",         "Colombia", "Argentina",
                  "Panamá", "Portugal", "Japón",  "Côte d'Ivoire", "Türkiye",  "Uruguay"};
  t->mail_hosts = {"@ejemplo.test", "@example.com", "@example.org", "@example.net"};
}

Texts MakeTexts() {
  Texts texts;
  texts.categorias = MakeCategorias();
  FillProducts(&texts);
  FillSentences(&texts);
  FillCompanies(&texts);
  FillPeople(&texts);
  return texts;
}

}  // namespace

const Texts& AllTexts() {
  static const Texts texts = MakeTexts();
  return texts;
}

}  // namespace ingesta::demo
